"""The request of other services for a user."""

from contracts import rpc
from identity.people.views import PeopleViews
from kit.messaging.bus import Bus


def answer(bus: Bus, views: PeopleViews) -> None:
    """Declare the answer; before the bus runs."""

    def person(asked: rpc.PersonRequest) -> rpc.Reply[rpc.Person]:
        """Null if there is no such user."""
        found = views.person(asked.user_id)
        if found is None:
            return rpc.Reply[rpc.Person]()
        return rpc.Reply[rpc.Person](ok=rpc.Person(email=found.email, name=found.name, verified=found.verified))

    bus.answers(rpc.PERSON.subject, rpc.PERSON.request, person)
