"""`python -m deploy.local`: run Tradehall until Ctrl-C or SIGTERM."""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from deploy.local.settings import RunnerSettings
from deploy.local.supervisor import StartCancelled
from deploy.local.system import Tradehall
from embedded import EmbeddedError

_LOOPBACK = ("127.0.0.1", "::1")


def say(line: str) -> None:
    """Print a line on the terminal, which may be closed."""
    with suppress(OSError):
        print(line, flush=True)


def main(services: Sequence[str] | None = None) -> int:
    """Run these services, by default all, until a signal stops them. Returns the exit code."""
    began = time.monotonic()
    stopped = threading.Event()
    try:
        settings = RunnerSettings.from_environment(os.environ)
        tradehall = Tradehall(
            settings.var,
            settings.port,
            bind=settings.bind,
            public_url=settings.public_url,
            services=services,
            demo=os.environ.get("DEMO") == "1",
            say=say,
        )

        def end(*_: object) -> None:
            stopped.set()
            tradehall.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        say(f"Starting Tradehall; data directory: {settings.var}")
        tradehall.start()
    except StartCancelled:
        return 0
    except EmbeddedError as error:
        print(f"Tradehall cannot start: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Tradehall cannot start: {error}; see that the disk has room and is writable", file=sys.stderr)
        return 1
    _show(tradehall, settings, time.monotonic() - began)
    stopped.wait()
    say("Stopping Tradehall")
    tradehall.stop()
    return 0


def _show(tradehall: Tradehall, settings: RunnerSettings, seconds: float) -> None:
    info = tradehall.info
    say(f"Tradehall is ready after {seconds:.1f} s. Press Ctrl-C to stop.\n")
    say(f"  Tradehall        {info['url']}  (begin with Register)")
    say(f"  Mailbox          {info['mailbox_url']}  (every mail arrives here)")
    say(f"  HTTP interface   {info['url']}/docs")
    say(f"  NATS             {info['nats_url'].rpartition('@')[2]}")
    for api, place in info.get("demo", {}).items():
        login = f", login {place['login']}, password {place['password']}" if "login" in place else ""
        say(f"  Demo {api:<11} {place['host']}:{place['port']}{login}")
    say(f"  Logs             {settings.var / 'log'}")
    say(f"  All addresses    {settings.var / 'local.json'}  (with passwords)\n")
    if settings.bind not in _LOOPBACK:
        say(f"It listens on {settings.bind}: other machines can reach it, without TLS unless a proxy adds it.\n")


if __name__ == "__main__":
    sys.exit(main())
