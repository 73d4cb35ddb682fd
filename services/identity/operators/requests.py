"""The request of other services whether a user is an operator."""

from contracts import rpc
from identity.users.views import UserViews
from kit.messaging.bus import Bus


def answer(bus: Bus, views: UserViews) -> None:
    """Declare the answer; before the bus runs."""

    def operator(asked: rpc.OperatorRequest) -> rpc.Reply[rpc.Operator]:
        """Null if there is no such user."""
        found = views.person(asked.user_id)
        return rpc.Reply[rpc.Operator](ok=None if found is None else rpc.Operator(operator=found.operator))

    bus.answers(rpc.OPERATOR.subject, rpc.OPERATOR.request, operator)
