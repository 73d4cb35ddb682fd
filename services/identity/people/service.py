"""What people do with their own account, beside its password."""

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

    def forget_password(self, user_id: UUID) -> int:
        """Delete its hash; answers how many there were."""
        return self._store.database.execute("DELETE FROM passwords WHERE user_id = %s", (user_id,))

    def forget_operator(self, user_id: UUID) -> int:
        """They are no operator any more; answers how many rights there were."""
        return self._store.database.execute("DELETE FROM operators WHERE user_id = %s", (user_id,))
