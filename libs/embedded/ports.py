"""Free TCP ports, found by binding them."""

import random
import socket

from embedded.process import EmbeddedError

_RANGE = range(20_000, 32_000)
"""Below Linux' ephemeral range (32768 up): no outgoing connection takes a port between test and use."""


def bind_error(port: int, host: str = "127.0.0.1") -> OSError | None:
    """Why no server could listen on the port of that address now; None when one could."""
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
    """A port of 127.0.0.1 that nobody listens on: the preferred one when it is free, else a random one."""
    if preferred and bind_error(preferred) is None:
        return preferred
    for _ in range(200):
        port = random.choice(_RANGE)  # noqa: S311 - no secret
        if bind_error(port) is None:
            return port
    raise EmbeddedError("found no free port between 20000 and 32000: end some programs that listen there")
