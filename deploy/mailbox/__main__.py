"""Runs the mailbox: `python -m deploy.mailbox --smtp-port N --http-port N --folder PATH`."""

import argparse
import asyncio
import signal
import threading
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.mailbox.store import Store
from deploy.mailbox.web import Web

_LARGEST_MAIL = 10 * 1024 * 1024


class Inbox:
    """aiosmtpd's handler: accepts for anybody, and says so only once the mail is on disk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content or "").encode()
        identifier = await asyncio.to_thread(self._store.add, raw, envelope.rcpt_tos)
        return f"250 OK {identifier}"


async def serve(store: Store, smtp_port: int, http_port: int) -> None:
    """Serves SMTP and HTTP on 127.0.0.1 until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    inbox = Inbox(store)
    smtp = await loop.create_server(
        lambda: SMTP(inbox, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=_LARGEST_MAIL),
        "127.0.0.1",
        smtp_port,
    )
    web = Web(http_port, store)
    threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 60}, daemon=True).start()
    await stopped.wait()
    smtp.close()


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(prog="python -m deploy.mailbox", description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where mails are kept")
    arguments = parser.parse_args()
    arguments.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    asyncio.run(serve(Store(arguments.folder), arguments.smtp_port, arguments.http_port))


if __name__ == "__main__":
    main()
