"""What a seed says: which steps each actor takes, and which faults happen after how many operations."""

from dataclasses import dataclass
from random import Random

SERVICES = ("identity", "organizations", "platforms", "notifications")
SERVERS = ("nats", "postgres")
EVERYBODY = "all"
"""The links of all services to a server."""
GATEWAY = "actors-gateway"
"""The link of actors to Tradehall."""

ACTORS = 3
STEPS = 9  # of each actor, after it has arrived
_WEIGHTS = {
    "rename": 2,
    "organization": 2,
    "client": 3,
    "token": 2,
    "platform": 3,
    "credentials": 3,
    "invite": 4,
    "accept": 5,
    "limit": 2,
    "remove": 2,
    "revoke": 1,
    "trespass": 2,
}
KINDS = {"kill": 5, "freeze": 4, "restart": 3, "cut": 3, "stall": 3, "deafen": 5, "delay": 1, "redeliver": 2, "wipe": 2}
"""Of faults, with how often each is drawn."""
_TARGETS: dict[str, tuple[str, ...]] = {
    "kill": (*SERVICES, "portal", "nats", "caddy", "mailbox"),
    "freeze": (*SERVICES, "nats", "postgres"),
    "restart": ("postgres", "postgres", *SERVICES),
    "redeliver": SERVICES,
    "wipe": ("nats",),
}
_LONGEST = 5.0  # seconds: longer than a lease (3 s) and than a message is left with a consumer (4 s)


@dataclass(frozen=True)
class Fault:
    """`target` is a process, or for links `service-server`. `seconds` is how long it lasts, where it lasts."""

    kind: str
    target: str
    after: int
    seconds: float

    def __str__(self) -> str:
        return f"after {self.after} operations: {self.kind} {self.target} ({self.seconds} s)"


@dataclass(frozen=True)
class Plan:
    """The same for the same seed. `scripts` holds the steps of each actor."""

    seed: int
    scripts: tuple[tuple[str, ...], ...]
    faults: tuple[Fault, ...]

    @classmethod
    def of(cls, seed: int) -> "Plan":
        random = Random(seed)
        scripts = tuple(_script(random) for _ in range(ACTORS))
        last = ACTORS * (STEPS + 1)
        faults = sorted((_fault(random, last) for _ in range(random.randint(2, 5))), key=lambda one: one.after)
        return cls(seed, scripts, tuple(faults))

    def random(self, actor: int) -> Random:
        """What an actor chooses by."""
        return Random(f"{self.seed}/{actor}")


def _script(random: Random) -> tuple[str, ...]:
    return tuple(random.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=STEPS))


def _fault(random: Random, last: int) -> Fault:
    (kind,) = random.choices(list(KINDS), list(KINDS.values()))
    if kind in _TARGETS:
        target = random.choice(_TARGETS[kind])
    else:
        links = [f"{service}-{server}" for service in (*SERVICES, EVERYBODY) for server in SERVERS]
        target = random.choice([*links, *[GATEWAY] * 5])
    return Fault(kind, target, random.randrange(last - 2), round(random.uniform(0.3, _LONGEST), 1))
