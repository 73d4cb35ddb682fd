"""The request of other services for a user."""

from contracts import rpc
from identity.users.views import UserViews
from kit.messaging.bus import Bus


def answer(bus: Bus, views: UserViews) -> None:
    """Declare the answer; before the bus runs."""

    def person(asked: rpc.UserRequest) -> rpc.Reply[rpc.User]:
        """Null if there is no such user."""
        found = views.person(asked.user_id)
        if found is None:
            return rpc.Reply[rpc.User]()
        return rpc.Reply[rpc.User](ok=rpc.User(email=found.email, name=found.name, verified=found.verified))

    bus.answers(rpc.USER.subject, rpc.USER.request, person)
