"""What identity answers other services over the bus, in the types of contracts.rpc."""

from collections.abc import Callable
from datetime import datetime

from contracts import rpc
from identity.application.clients import Clients
from identity.application.one_time import OneTimeSecrets
from identity.application.sessions import Sessions
from identity.application.signing_keys import SigningKeys
from identity.application.store import IdentityStore
from identity.domain.user import User
from identity.views.people import PeopleViews
from kit.errors import NotFound
from kit.messaging.bus import Bus


class PeopleAnswers:
    """About people and their sessions."""

    def __init__(
        self,
        store: IdentityStore,
        views: PeopleViews,
        sessions: Sessions,
        secrets: OneTimeSecrets,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._views = views
        self._sessions = sessions
        self._secrets = secrets
        self._clock = clock

    def serve(self, bus: Bus) -> None:
        """Declare the answers; before the bus runs."""
        bus.answers(rpc.MAIL_SECRET.subject, rpc.MAIL_SECRET.request, self.mail_secret)
        bus.answers(rpc.PERSON.subject, rpc.PERSON.request, self.person)
        bus.answers(rpc.OPERATOR.subject, rpc.OPERATOR.request, self.operator)

    def mail_secret(self, asked: rpc.MailSecretRequest) -> rpc.Reply[rpc.MailSecret]:
        """Only while the mail is due: the newest generation, not used, its time not over."""
        try:
            user = self._store.find(User, asked.user_id)
        except NotFound:
            return rpc.Reply[rpc.MailSecret](refused="unknown-user")
        if asked.purpose == "one-time-password":
            due = user.one_time_password_is_good(asked.generation, self._clock())
            used = user.one_time_password_is_used(asked.generation)
            make = self._secrets.password
        else:
            due = user.reset_link_is_good(asked.generation, self._clock())
            used = user.reset_link_is_used(asked.generation)
            make = self._secrets.reset_token
        if not due or user.email is None:
            return rpc.Reply[rpc.MailSecret](refused="used" if used and user.email is not None else "not-due")
        return rpc.Reply[rpc.MailSecret](
            ok=rpc.MailSecret.model_validate({"value": make(asked.user_id, asked.generation), "email": user.email})
        )

    def person(self, asked: rpc.PersonRequest) -> rpc.Reply[rpc.Person]:
        """Null where there is no such user."""
        found = self._views.person(asked.user_id)
        if found is None:
            return rpc.Reply[rpc.Person]()
        return rpc.Reply[rpc.Person](ok=rpc.Person(email=found.email, name=found.name, verified=found.verified))

    def operator(self, asked: rpc.OperatorRequest) -> rpc.Reply[rpc.Operator]:
        """Null where there is no such user."""
        found = self._views.person(asked.user_id)
        return rpc.Reply[rpc.Operator](ok=None if found is None else rpc.Operator(operator=found.operator))


class ClientAnswers:
    """About clients, and the keys of tokens."""

    def __init__(self, keys: SigningKeys, clients: Clients) -> None:
        self._keys = keys
        self._clients = clients

    def serve(self, bus: Bus) -> None:
        """Declare the answers; before the bus runs."""
        bus.answers(rpc.JWKS.subject, rpc.JWKS.request, self.jwks)
        bus.answers(rpc.CLIENT.subject, rpc.CLIENT.request, self.client)

    def jwks(self, _: rpc.JwksRequest) -> rpc.Reply[rpc.Jwks]:
        return rpc.Reply[rpc.Jwks](ok=rpc.Jwks.model_validate(self._keys.jwks()))

    def client(self, asked: rpc.ClientRequest) -> rpc.Reply[rpc.Client]:
        """Null where there is no such client."""
        return rpc.Reply[rpc.Client](ok=self._clients.find(asked.client_id))
