"""Contract events of sessions."""

from contracts import identity as contract
from identity.sessions.domain import UserSession
from runtime.publications import Publications


def _signed_in(event: UserSession.SignedIn) -> contract.UserSignedIn:
    return contract.UserSignedIn.model_validate(
        {
            "user_id": event.user_id,
            "session_id": event.originator_id,
            "how": event.how,
            "address": event.address,
            "new_device": event.new_device,
            "device": event.device,
        }
    )


def _ended(event: UserSession.Ended) -> contract.UserSessionEnded:
    return contract.UserSessionEnded(user_id=event.user_id, session_id=event.originator_id)


PUBLICATIONS = Publications("identity")
PUBLICATIONS.on(UserSession.SignedIn, contract.UserSignedIn, _signed_in)
PUBLICATIONS.on(UserSession.Ended, contract.UserSessionEnded, _ended)
