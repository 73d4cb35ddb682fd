"""Requests on the bus about members."""

from contracts import rpc
from kit.messaging.bus import Bus
from organizations.members.service import Members


def answer_requests(bus: Bus, members: Members) -> None:
    """Declare the requests that this slice answers."""

    def membership(asked: rpc.MembershipRequest) -> rpc.Reply[rpc.Membership]:
        grant = members.find(asked.organization_id, asked.user_id)
        if grant is None:
            return rpc.Reply[rpc.Membership]()
        found = rpc.Membership(organization_id=asked.organization_id, user_id=asked.user_id, **dict(grant))
        return rpc.Reply[rpc.Membership](ok=found)

    def sole_administrator(asked: rpc.SoleAdministratorRequest) -> rpc.Reply[rpc.SoleAdministrator]:
        found = members.solely_administered_by(asked.user_id)
        named = tuple(rpc.NamedOrganization(organization_id=one.id, name=one.name) for one in found)
        return rpc.Reply[rpc.SoleAdministrator](ok=rpc.SoleAdministrator(organizations=named))

    bus.answers(rpc.MEMBERSHIP.subject, rpc.MEMBERSHIP.request, membership)
    bus.answers(rpc.SOLE_ADMINISTRATOR.subject, rpc.SOLE_ADMINISTRATOR.request, sole_administrator)
