"""The request of other services for the state of a session."""

from contracts import rpc
from identity.sessions.service import Sessions
from kit.messaging.bus import Bus


def answer(bus: Bus, sessions: Sessions) -> None:
    """Declare the answer; before the bus runs."""

    def session(asked: rpc.SessionRequest) -> rpc.Reply[rpc.Session]:
        """An unknown session has ended."""
        state = "active" if sessions.alive(asked.sid) else "ended"
        return rpc.Reply[rpc.Session](ok=rpc.Session.model_validate({"state": state}))

    bus.answers(rpc.SESSION.subject, rpc.SESSION.request, session)
