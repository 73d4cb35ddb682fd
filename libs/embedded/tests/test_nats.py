"""The nats-server from the wheel, for real."""

import asyncio
import os
import signal
from pathlib import Path

import nats
import pytest
from nats.errors import Error

from embedded import EmbeddedError, Nats, Process, Program, temporary_folder
from testing.waiting import wait_until


async def _stored_messages(url: str, **options: str) -> int:
    connection = await nats.connect(url, **options)
    try:
        stream = connection.jetstream()
        await stream.add_stream(name="FACTS", subjects=["facts"])
        await stream.publish("facts", b"one")
        return (await stream.stream_info("FACTS")).state.messages
    finally:
        await connection.close()


def test_the_store_survives_a_restart_until_it_is_wiped() -> None:
    with Nats() as server:
        assert asyncio.run(_stored_messages(server.url)) == 1
        os.kill(server.pid, signal.SIGKILL)
        server.stop()
        server.start()
        assert asyncio.run(_stored_messages(server.url)) == 2
        server.stop()
        server.wipe()
        server.start()
        assert asyncio.run(_stored_messages(server.url)) == 1


def test_the_given_configuration_controls_access() -> None:
    with Nats(config_text='jetstream {}\nauthorization { users: [{user: "known", password: "word"}] }\n') as server:
        assert asyncio.run(_stored_messages(server.url, user="known", password="word")) == 1
        with pytest.raises(Error):
            asyncio.run(nats.connect(server.url, user="known", password="wrong", allow_reconnect=False))


def test_an_invalid_configuration_reports_the_servers_error(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="nats-server ended at once"):
        Nats(tmp_path, config_text="jetstream {").start()


def test_a_frozen_process_is_stopped() -> None:
    with temporary_folder() as folder:
        process = Process(
            Program(
                ("/bin/sh", "-c", "echo up; exec sleep 600"),
                folder / "log",
                stop_signals=((signal.SIGTERM, 0.1),),
            )
        )
        process.start()
        process.wait_until(lambda: "up" in process.last_output(), 5, "the shell")
        os.kill(process.pid, signal.SIGSTOP)
        wait_until(lambda: ") T " in Path(f"/proc/{process.pid}/stat").read_text(), 5, "the freeze")
        process.stop()
        assert process.exit_code() == -signal.SIGKILL
