"""The NATS server's configuration, generated from the tables of streams and requests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from contracts.rpc import RPC
from contracts.streams import READS, STREAMS, consumers_of, feeds_of

OBSERVER = "observer"
MAINTAINER = "maintainer"
SERVICES = tuple(READS)
USERS = (*SERVICES, "portal", OBSERVER, MAINTAINER)
_API = "$JS.API"
_PINGS = ('ping_interval: "2s"', "ping_max: 2")
"""A frozen client would go on being handed questions, and a frozen server be handed what it must pass on."""


@dataclass(frozen=True)
class BusPermissions:
    """The subjects a user of the bus may use. Where none is allowed, all are denied.

    `answers` lets a user publish one reply to the inbox of each request it was sent.
    """

    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()
    never_publish: tuple[str, ...] = ()
    answers: bool = False


@dataclass(frozen=True)
class Cluster:
    """One server's place in a cluster; `routes` are the others' addresses, `host:port`."""

    name: str
    server_name: str
    port: int
    routes: tuple[str, ...]
    password: str


def bus_permissions_of(user: str) -> BusPermissions:
    """What a user of the bus may do. Raises ValueError for a user that is not in USERS."""
    if user == OBSERVER:
        return _observer()
    if user == MAINTAINER:
        return _maintainer()
    if user not in USERS:
        raise ValueError(f"{user!r} is no user of the bus; they are {', '.join(USERS)}")
    if user not in SERVICES:
        return BusPermissions()
    asked = tuple(each.subject for each in RPC.values() if each.owner == user)
    return BusPermissions(
        publish=(
            *_of_its_stream(user),
            *_of_its_consumers(user),
            *(each.subject for each in RPC.values() if user in each.askers),
        ),
        subscribe=(*asked, _inbox(user)),
        answers=bool(asked),
    )


@dataclass(frozen=True)
class Subscriber:
    """A downstream system, which reads the events of one organization."""

    name: str
    organization: UUID

    @property
    def rights(self) -> BusPermissions:
        """Consumers of its own name alone, on its organization's subjects alone."""
        return BusPermissions(
            publish=tuple(
                subject
                for context, stream in STREAMS.items()
                for subject in (
                    f"{_API}.CONSUMER.CREATE.{stream.name}.{self.name}.{self.filter(context)}",
                    f"{_API}.CONSUMER.INFO.{stream.name}.{self.name}",
                    f"{_API}.CONSUMER.MSG.NEXT.{stream.name}.{self.name}",
                    f"$JS.ACK.{stream.name}.{self.name}.>",
                )
            ),
            subscribe=(_inbox(self.name),),
        )

    def filter(self, context: str) -> str:
        """The subjects of its organization's events in a context."""
        return f"evt.{context}.{self.organization}.>"


def _of_its_stream(service: str) -> Iterable[str]:
    """What a relay needs, and what forgetting a person takes."""
    stream = STREAMS[service]
    yield from stream.subjects
    for action in ("CREATE", "UPDATE", "INFO", "MSG.GET", "MSG.DELETE"):
        yield f"{_API}.STREAM.{action}.{stream.name}"


def _of_its_consumers(service: str) -> Iterable[str]:
    for durable in (*consumers_of(service), *feeds_of(service)):
        place = f"{durable.stream.name}.{durable.name}"
        yield f"{_API}.CONSUMER.CREATE.{place}"
        yield f"{_API}.CONSUMER.CREATE.{place}.>"  # the longer form names the filter
        yield f"{_API}.CONSUMER.INFO.{place}"
        yield f"{_API}.CONSUMER.MSG.NEXT.{place}"
        yield f"$JS.ACK.{place}.>"


def _places() -> list[str]:
    """Every durable of a service, as subjects of the API name it."""
    consumers = [each for service in SERVICES for each in (*consumers_of(service), *feeds_of(service))]
    return [f"{each.stream.name}.{each.name}" for each in consumers]


def _observer() -> BusPermissions:
    """Reads every stream by consumers of its own, and changes nothing."""
    places = _places()
    return BusPermissions(
        publish=(
            f"{_API}.STREAM.INFO.*",
            f"{_API}.STREAM.NAMES",
            f"{_API}.STREAM.LIST",
            f"{_API}.CONSUMER.CREATE.*.*.evt.>",
            f"{_API}.CONSUMER.INFO.*.*",
            f"{_API}.CONSUMER.MSG.NEXT.*.*",
        ),
        subscribe=("evt.>", _inbox(OBSERVER)),
        never_publish=tuple(
            subject
            for place in places
            for subject in (f"{_API}.CONSUMER.CREATE.{place}.>", f"{_API}.CONSUMER.MSG.NEXT.{place}")
        ),
    )


def _maintainer() -> BusPermissions:
    """Takes a stream away, for its owner to fill it again, and makes places for readers; reads nothing."""
    names = [each.name for each in STREAMS.values()]
    places = _places()
    return BusPermissions(
        publish=(
            *(f"{_API}.STREAM.{action}.{name}" for name in names for action in ("DELETE", "INFO")),
            *(f"{_API}.CONSUMER.CREATE.{stream.name}.*.evt.{context}.>" for context, stream in STREAMS.items()),
        ),
        never_publish=tuple(f"{_API}.CONSUMER.CREATE.{place}.>" for place in places),
        subscribe=(_inbox(MAINTAINER),),
    )


def _inbox(user: str) -> str:
    """Where a user's replies arrive: clients connect with `inbox_prefix=_INBOX_<user>`."""
    return f"_INBOX_{user}.>"


def nats_configuration(
    *,
    port: int,
    host: str,
    store_dir: str,
    passwords: Mapping[str, str],
    readers: Mapping[Subscriber, str] = MappingProxyType({}),
    monitor_port: int | None = None,
    cluster: Cluster | None = None,
) -> str:
    """The text of nats-server's configuration file; it holds the passwords, so keep it 0600.

    Only users with a password in `passwords` or `readers` may connect. Raises ValueError for an unknown user, and for a
    password that is empty or cannot be written down.
    """
    lines = [f"host: {_quoted(host)}", f"port: {port}", "max_payload: 1MB", *_PINGS]
    if monitor_port is not None:
        lines.append(f"http: {_quoted(f'{host}:{monitor_port}')}")
    lines.append(f"jetstream {{ store_dir: {_quoted(store_dir)} }}")
    if cluster is not None:
        lines += _cluster(cluster, host)
    lines += ["authorization {", "  users = ["]
    for user, password in passwords.items():
        lines += _user(user, bus_permissions_of(user), password)
    for reader, password in readers.items():
        lines += _user(reader.name, reader.rights, password)
    lines += ["  ]", "}"]
    return "\n".join(lines) + "\n"


def _user(user: str, rights: BusPermissions, password: str) -> Iterable[str]:
    if not password:
        raise ValueError(f"the bus's user {user} needs a password")
    yield f"    {{ user: {_quoted(user)}, password: {_quoted(password)}, permissions: {{"
    yield f"      publish: {_subjects(rights.publish, rights.never_publish)}"
    yield f"      subscribe: {_subjects(rights.subscribe)}"
    if rights.answers:
        yield '      allow_responses: { max: 1, expires: "1m" }'
    yield "    } }"


def _subjects(allow: Iterable[str], deny: Iterable[str] = ()) -> str:
    allowed, denied = (", ".join(map(_quoted, each)) for each in (allow, deny))
    if not allowed:
        return '{ deny: [">"] }'
    return f"{{ allow: [{allowed}], deny: [{denied}] }}" if denied else f"{{ allow: [{allowed}] }}"


def _cluster(cluster: Cluster, host: str) -> Iterable[str]:
    yield f"server_name: {_quoted(cluster.server_name)}"
    yield "cluster {"
    yield f"  name: {_quoted(cluster.name)}"
    yield from (f"  {line}" for line in _PINGS)
    yield f"  listen: {_quoted(f'{host}:{cluster.port}')}"
    yield f'  authorization {{ user: "route", password: {_quoted(cluster.password)} }}'
    routes = ", ".join(_quoted(f"nats://route:{cluster.password}@{route}") for route in cluster.routes)
    yield f"  routes: [{routes}]"
    yield "}"


def _quoted(text: str) -> str:
    """A string of the configuration, in which nothing of it is a variable or the end of a string."""
    if not text.isprintable():
        raise ValueError("the bus's configuration takes no control characters; choose another value")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
