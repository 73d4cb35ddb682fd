"""`python -m metatrader.simulator`: start all simulators over one broker and print their addresses."""

import argparse
import asyncio
import gc
import json
import signal
from collections.abc import Sequence
from pathlib import Path

from metatrader.simulator import Certificate, HttpsSimulator, Mt4Simulator, TcpSimulator, invent
from metatrader.simulator.certificates import write_private


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m metatrader.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--tcp-port", type=int, default=0, help="MT5 Web API over TCP (0: any free port)")
    parser.add_argument("--https-port", type=int, default=0, help="MT5 Web API over HTTPS")
    parser.add_argument("--mt4-port", type=int, default=0, help="MT4 web services")
    parser.add_argument("--seed", type=int, default=1, help="the same seed invents the same broker")
    parser.add_argument("--users", type=int, default=12)
    parser.add_argument("--trades", type=int, default=40, help="closed trades of each user")
    parser.add_argument("--login", type=int, default=1000, help="the manager's login; see invent() for +1 to +4")
    parser.add_argument("--password", default="Demo-Pass-1", help="the managers' API password")
    parser.add_argument(
        "--tls-name", action="append", help="host name or address for the certificate (may be repeated)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="keep the certificate here, and write the places to places.json instead of printing them",
    )
    return parser.parse_args(arguments)


async def run(arguments: Sequence[str] | None = None) -> None:
    """Print the addresses in one line of JSON, then serve until SIGINT or SIGTERM."""
    options = _options(arguments)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = invent(
        options.seed,
        login=options.login,
        password=options.password,
        users=options.users,
        trades=options.trades,
    )
    gc.freeze()  # the broker stays: looking through it again and again is what a large one costs
    names, folder = options.tls_name or ("localhost", "127.0.0.1"), options.folder
    certificate = Certificate.kept(folder / "certificate.json", names) if folder else Certificate.make(names)
    host = options.host
    async with (
        TcpSimulator(broker, host=host, port=options.tcp_port) as tcp,
        HttpsSimulator(broker, certificate.server_context(), host=host, port=options.https_port) as https,
        Mt4Simulator(broker, host=host, port=options.mt4_port) as mt4,
    ):
        signs_in = {"login": options.login, "password": options.password}
        places = {
            "mt5_tcp": {"host": host, "port": tcp.port, **signs_in, "ca_pem": None},
            "mt5_https": {"host": host, "port": https.port, **signs_in, "ca_pem": certificate.ca_pem},
            "mt4_web": {"host": host, "port": mt4.port, "login": None, "password": None, "ca_pem": None},
        }
        if folder:
            write_private(folder / "places.json", json.dumps(places))
            print("listening", *(place["port"] for place in places.values()), flush=True)
        else:
            print(json.dumps(places), flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(run())
