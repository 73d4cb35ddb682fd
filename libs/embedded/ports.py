"""Free TCP ports, found by binding them."""

import random
import socket
import sys

from embedded.process import EmbeddedError

_RANGE = range(20_000, 32_000)
"""Below Linux's ephemeral range (from 32768): no outgoing connection takes a port between test and use."""

_CLAIMS_KEPT = 128

_claims: dict[int, socket.socket] = {}
"""The ports assigned last; a claim lasts longer than a server needs to listen."""


def bind_error(port: int, host: str = "127.0.0.1") -> OSError | None:
    """Why no server can listen on the port of that address now; None if one can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Without SO_REUSEADDR a connection of the last run in TIME_WAIT would make the port look taken;
        # Linux still refuses a port that somebody listens on.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


def free_port(preferred: int | None = None) -> int:
    """A port of 127.0.0.1 that is free and not assigned: the preferred one, or else a random one."""
    if preferred and (preferred in _claims or _claim(preferred)) and bind_error(preferred) is None:
        return preferred
    for _ in range(200):
        port = random.choice(_RANGE)  # noqa: S311 - no secret
        if port not in _claims and bind_error(port) is None and _claim(port):
            return port
    raise EmbeddedError("found no free port between 20000 and 32000: end some programs that listen there")


def _claim(port: int) -> bool:
    """Whether no other process has claimed the port. The kernel frees a claim when its process ends."""
    if sys.platform != "linux":
        return True
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0tradehall-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims[port] = claim
    if len(_claims) > _CLAIMS_KEPT:
        _claims.pop(next(iter(_claims))).close()
    return True
