"""A user's own account, without its password."""

from uuid import UUID

from identity.people.domain import UnknownUser, User
from identity.people.views import PeopleViews, Person
from identity.store import IdentityStore


class People:
    def __init__(self, store: IdentityStore, views: PeopleViews) -> None:
        self._store = store
        self._views = views

    def find(self, user_id: UUID) -> Person:
        """Raises UnknownUser."""
        person = self._views.person(user_id)
        if person is None:
            raise UnknownUser
        return person

    def rename(self, user_id: UUID, name: str) -> Person:
        """Raises UnknownUser."""

        def work() -> Person:
            user = self._store.find(User, user_id, UnknownUser)
            user.rename(name)
            self._store.save(user)
            return self.find(user_id)

        return self._store.run(work)

    def have_account(self, email: str) -> bool:
        """Whether a user with this address has signed in before. Raises contracts.email.InvalidEmail."""
        known = self._views.credentials(email)
        return known is not None and known.verified
