"""The request of other services for what a client may do."""

from contracts import rpc
from identity.clients.service import Clients
from kit.messaging.bus import Bus


def answer(bus: Bus, clients: Clients) -> None:
    """Declare the answer; before the bus runs."""

    def client(asked: rpc.ClientRequest) -> rpc.Reply[rpc.Client]:
        """Null if there is no such client."""
        return rpc.Reply[rpc.Client](ok=clients.find(asked.client_id))

    bus.answers(rpc.CLIENT.subject, rpc.CLIENT.request, client)
