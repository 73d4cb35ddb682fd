"""A user account: address, name, and how the password was set. The password is not here."""

from datetime import datetime
from uuid import UUID

from eventsourcing.domain import event

from kit.errors import Conflict, Gone, NotFound
from kit.eventstore.aggregate import Aggregate, Created


class UnknownUser(NotFound):
    code = "unknown-user"
    title = "There is no such user"


def known_user(user_id: UUID | None) -> UUID:
    """Raises UnknownUser for None, which is what a client has in place of a user."""
    if user_id is None:
        raise UnknownUser
    return user_id


class EmailTaken(Conflict):
    code = "email-taken"
    title = "This e-mail address has an account"


class OneTimePasswordSpent(Gone):
    code = "one-time-password-spent"
    title = "This one-time password was used or replaced, or has expired"


class ResetLinkSpent(Gone):
    code = "reset-link-spent"
    title = "This link was used or replaced, or has expired"


class AlreadyErased(Gone):
    code = "already-erased"
    title = "This user has already been erased"


class User(Aggregate):
    """A human user. `email` is the address as typed, `name` the name that others see; both None once erased.

    A one-time password and a reset link are known here by their generation: only the newest is valid, once, until it
    expires.
    """

    TOPIC = "identity.User"
    personal = frozenset({"email", "name"})

    class Registered(Created):
        """`via` is registration or invitation. Only a registration has a one-time password."""

        TOPIC = "identity.UserRegistered"
        personal = frozenset({"email", "name"})
        email: str | None
        name: str | None
        via: str
        generation: int | None
        expires_at: datetime | None

    class RegistrationRepeated(Aggregate.Event):
        """With a generation if a new one-time password replaces the last one, which was never used."""

        TOPIC = "identity.UserRegistrationRepeated"
        generation: int | None
        expires_at: datetime | None

    class OneTimePasswordUsed(Aggregate.Event):
        TOPIC = "identity.UserOneTimePasswordUsed"
        generation: int

    class EmailVerified(Aggregate.Event):
        TOPIC = "identity.UserEmailVerified"

    class PasswordChanged(Aggregate.Event):
        """`how` is chosen (the first password), changed, or reset."""

        TOPIC = "identity.UserPasswordChanged"
        how: str

    class PasswordResetRequested(Aggregate.Event):
        TOPIC = "identity.UserPasswordResetRequested"
        generation: int
        expires_at: datetime

    class Renamed(Aggregate.Event):
        TOPIC = "identity.UserRenamed"
        personal = frozenset({"name"})
        name: str | None

    class Erased(Aggregate.Event):
        TOPIC = "identity.UserErased"

    @event(Registered)
    def __init__(
        self,
        id: UUID,
        email: str | None,
        name: str | None,
        via: str,
        generation: int | None,
        expires_at: datetime | None,
    ) -> None:
        self.email = email
        self.name = name
        self.verified = False
        self.has_password = False
        self.one_time_generation = generation or 0
        self.one_time_expires_at = expires_at
        self.reset_generation = 0
        self.reset_expires_at: datetime | None = None
        self.erased = False

    @staticmethod
    def create_id(id: UUID) -> UUID:
        return id

    @classmethod
    def register(cls, id: UUID, email: str, expires_at: datetime) -> "User":
        """Somebody registered this address. Its one-time password is valid until `expires_at`."""
        return cls(id=id, email=email, name=None, via="registration", generation=1, expires_at=expires_at)

    @classmethod
    def register_invited(cls, id: UUID, email: str) -> "User":
        """An invited user chose a password. Opening the invitation has verified the address."""
        user = cls(id=id, email=email, name=None, via="invitation", generation=None, expires_at=None)
        user.choose_first_password()
        return user

    def register_again(self, expires_at: datetime) -> None:
        """Somebody registered this address again: there is a new one-time password if none was ever used."""
        self._must_be_remembered()
        if self.verified:
            self._register_again(generation=None, expires_at=None)
        else:
            self._register_again(generation=self.one_time_generation + 1, expires_at=expires_at)

    def one_time_password_is_good(self, generation: int, now: datetime) -> bool:
        """Whether this generation may still be sent and used."""
        return self.one_time_generation == generation and _is_before(now, self.one_time_expires_at)

    def one_time_password_is_used(self, generation: int) -> bool:
        """Whether this generation is the newest, and was used."""
        return self.one_time_generation == generation and self.one_time_expires_at is None

    def use_one_time_password(self, generation: int, now: datetime) -> None:
        """Use the one-time password, which verifies the address it was sent to. Raises OneTimePasswordSpent."""
        if not self.one_time_password_is_good(generation, now):
            raise OneTimePasswordSpent
        self._use_one_time_password(generation=generation)
        self._verify()

    def choose_first_password(self) -> None:
        """Set the first password. The caller has authenticated the user."""
        self._must_be_remembered()
        self._verify()
        self._change_password(how="chosen")

    def change_password(self) -> None:
        self._must_be_remembered()
        self._change_password(how="changed" if self.has_password else "chosen")

    def request_password_reset(self, expires_at: datetime) -> None:
        """Make a new link, which replaces the one before. The password keeps working."""
        self._must_be_remembered()
        self._request_password_reset(generation=self.reset_generation + 1, expires_at=expires_at)

    def reset_link_is_good(self, generation: int, now: datetime) -> bool:
        """Whether the link of this generation may still be sent and used."""
        return self.reset_generation == generation and _is_before(now, self.reset_expires_at)

    def reset_link_is_used(self, generation: int) -> bool:
        """Whether this generation is the newest, and the password has been changed since."""
        return self.reset_generation == generation and self.reset_expires_at is None

    def reset_password(self, generation: int, now: datetime) -> None:
        """Use the link, which verifies the address it was sent to. Raises ResetLinkSpent."""
        if not self.reset_link_is_good(generation, now):
            raise ResetLinkSpent
        self._verify()
        self._change_password(how="reset")

    def rename(self, name: str) -> None:
        self._must_be_remembered()
        if name != self.name:
            self._rename(name=name)

    def erase(self) -> None:
        """Erase the account. From then on this and every other change raises AlreadyErased."""
        self._must_be_remembered()
        self._erase()

    def _must_be_remembered(self) -> None:
        if self.erased:
            raise AlreadyErased

    def _verify(self) -> None:
        if not self.verified:
            self._mark_verified()

    @event(RegistrationRepeated)
    def _register_again(self, generation: int | None, expires_at: datetime | None) -> None:
        if generation is not None:
            self.one_time_generation = generation
            self.one_time_expires_at = expires_at

    @event(OneTimePasswordUsed)
    def _use_one_time_password(self, generation: int) -> None:
        self.one_time_expires_at = None

    @event(EmailVerified)
    def _mark_verified(self) -> None:
        self.verified = True

    @event(PasswordChanged)
    def _change_password(self, how: str) -> None:
        self.has_password = True
        self.one_time_expires_at = None
        self.reset_expires_at = None

    @event(PasswordResetRequested)
    def _request_password_reset(self, generation: int, expires_at: datetime) -> None:
        self.reset_generation = generation
        self.reset_expires_at = expires_at

    @event(Erased)
    def _erase(self) -> None:
        self.erased = True
        self.has_password = False
        self.one_time_expires_at = None
        self.reset_expires_at = None

    @event(Renamed)
    def _rename(self, name: str | None) -> None:
        self.name = name


def _is_before(now: datetime, end: datetime | None) -> bool:
    return end is not None and now < end
