"""Published events of clients: complete for replicas, without secrets."""

from uuid import UUID, uuid4

from contracts import identity as public
from contracts.envelope import Envelope
from contracts.permissions import Limits
from identity.clients import events as client_events
from identity.clients.domain import Client
from identity.oauth.revoke import events as revocation_events
from identity.oauth.revoke.domain import RevokedToken
from identity.oauth.tests.provider import Provider
from identity.service import PUBLICATIONS
from kit.eventstore.aggregate import Aggregate


def test_every_event_of_clients_and_tokens_is_published() -> None:
    theirs = {
        value
        for aggregate in (Client, RevokedToken)
        for value in vars(aggregate).values()
        if isinstance(value, type) and issubclass(value, Aggregate.Event) and getattr(value, "TOPIC", None)
    }
    assert {*client_events.PUBLICATIONS, *revocation_events.PUBLICATIONS} == theirs


def test_events_of_a_client_belong_to_its_organization(provider: Provider) -> None:
    start = provider.parts.store.read(0, 100_000)[-1:]
    client = provider.new_client(scopes=("events:read",))
    platform = uuid4()
    path = f"/api/v1/organizations/{client['organization']}/clients/{client['id']}"
    change = {"name": "Bridge", "limits": {"platforms": [str(platform)]}}
    provider.http.patch(path, json=change, headers=client["bearer"])
    first = client["secrets"][0]["id"]
    provider.http.delete(f"{path}/secrets/{first}", headers=client["bearer"])
    provider.http.delete(path, headers=client["bearer"])

    outgoing = [
        PUBLICATIONS.message(each, "e1") for each in provider.parts.store.read(start[0].sequence if start else 0, 100)
    ]
    told = [Envelope.parse(each.body) for each in outgoing if each is not None]
    told = [envelope for envelope in told if envelope.subject == client["id"]]

    of = {
        "client": UUID(client["id"]),
        "client_id": client["client_id"],
        "organization_id": client["organization"],
    }
    person = told[0].data.created_by  # type: ignore[attr-defined]
    rights = public.ClientGrant(scopes=("events:read",))
    limited = public.ClientGrant(scopes=("events:read",), limits=Limits(platforms=(platform,)))
    assert [envelope.data for envelope in told] == [
        public.ClientCreated(**of, name="Risk engine", scopes=("events:read",), created_by=person),
        public.ClientSecretIssued(
            **of, client_name="Risk engine", secret_id=UUID(first), name="first", expires_at=None, issued_by=person
        ),
        public.ClientRenamed(**of, from_="Risk engine", to="Bridge"),
        public.ClientScopesChanged(**of, from_=rights, to=limited),
        public.ClientSecretEnded(**of, secret_id=UUID(first)),
        public.ClientRemoved(**of),
    ]
    assert {envelope.organization for envelope in told} == {client["organization"]}
    assert {envelope.actor for envelope in told} == {str(person)}
    assert [envelope.version for envelope in told] == [1, 2, 3, 4, 5, 6]
    assert not any(client["client_secret"].encode() in each.body for each in outgoing if each is not None)
