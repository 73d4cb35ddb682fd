"""A user's own account, without its password."""

from uuid import UUID

from identity.store import IdentityStore
from identity.users.domain import UnknownUser, User
from identity.users.views import UserAccount, UserViews


class Users:
    def __init__(self, store: IdentityStore, views: UserViews) -> None:
        self._store = store
        self._views = views

    def find(self, user_id: UUID) -> UserAccount:
        """Raises UnknownUser."""
        person = self._views.person(user_id)
        if person is None:
            raise UnknownUser
        return person

    def rename(self, user_id: UUID, name: str) -> UserAccount:
        """Raises UnknownUser."""

        def work() -> UserAccount:
            user = self._store.find(User, user_id, UnknownUser)
            user.rename(name)
            self._store.save(user)
            return self.find(user_id)

        return self._store.run(work)

    def have_account(self, email: str) -> bool:
        """Whether a user with this address has signed in before. Raises contracts.email.InvalidEmail."""
        known = self._views.credentials(email)
        return known is not None and known.verified
