"""Where a relay goes on, and what it tells of its position, with a store and a stream in memory."""

import pytest
from nats.js.api import RawStreamMsg

from kit.messaging import relay as module
from kit.messaging.relay import StreamStatus
from kit.telemetry.metrics import RELAY_POSITION
from kit.tests.relaying import Scene, declared, gauge, ids, make_scene, play
from testing.waiting import reached


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return make_scene(monkeypatch)


@pytest.mark.parametrize(
    ("epochs", "found", "published"),
    [
        ([("e", 0)], ids(1, 2), ids(3, 4, 5)),
        ([("e", 0)], ids(5), []),
        ([("e", 0)], [], ids(1, 2, 3, 4, 5)),
        ([("e", 0), ("f", 3)], ids(5), ids(4, 5, epoch="f")),
        ([("e", 0), ("f", 3)], ids(2), [*ids(3), *ids(4, 5, epoch="f")]),
        ([("e", 0), ("f", 3)], ids(4, epoch="f"), ids(5, epoch="f")),
        ([("e", 0), ("f", 3), ("g", 4)], ids(5, epoch="f"), ids(5, epoch="g")),
        ([("e", 0), ("f", 3)], ids(1, epoch="lost"), ids(4, 5, epoch="f")),
        ([("e", 0), ("f", 3), ("g", 4)], ids(1, epoch="lost"), ids(5, epoch="g")),
    ],
)
def test_the_relay_goes_on_where_the_stream_ends(
    scene: Scene, epochs: list[tuple[str, int]], found: list[str], published: list[str]
) -> None:
    async def work() -> None:
        async with scene.running():
            await reached(lambda: gauge("position") == 5)

    scene.rows.known = epochs
    scene.rows.write(*"abcde")
    declared(scene, *found, purged=7)
    RELAY_POSITION.labels("NOTEBOOK").set(0)
    play(work())
    assert scene.stream.ids == found + published


@pytest.mark.parametrize("last", ["somebody's", "a-b-c"])
def test_behind_a_message_that_no_relay_gave_nothing_is_published(
    scene: Scene, last: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with scene.running():
            await reached(lambda: "which no relay gave" in caplog.text)

    scene.rows.write("one")
    declared(scene, last)
    play(work())
    assert scene.stream.ids == [last]


def test_an_answer_of_a_server_that_lags_behind_is_not_trusted(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def lagging(name: str, subject: str) -> RawStreamMsg:
        return scene.stream.messages[-1 if "pauses" in caplog.text else 0]

    async def work() -> None:
        async with scene.running():
            await reached(lambda: scene.stream.ids == ids(1, 2, 3))

    scene.rows.write(*"abc")
    declared(scene, *ids(1, 2))
    monkeypatch.setattr(scene.stream, "get_last_msg", lagging)
    play(work())
    assert "the stream ends at 2, but its last message is 1" in caplog.text


def test_a_position_that_another_relay_moved_is_read_again(scene: Scene) -> None:
    async def work() -> None:
        scene.rows.write("one")
        async with scene.running():
            await reached(lambda: scene.stream.ids == ids(1))
            await scene.compared()
            scene.rows.write("two", "three")
            scene.stream.store("notebook-e-2")
            scene.relay.wake()
            await reached(lambda: scene.stream.ids == ids(1, 2, 3))

    play(work())


def test_a_message_that_the_stream_holds_already_is_not_counted(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        scene.rows.write("one")
        async with scene.running():
            await reached(lambda: scene.stream.ids == ids(1))
            await scene.compared()
            before = gauge("published_total")
            scene.stream.store("notebook-e-2")
            scene.rows.write("two")
            scene.relay.wake()
            await reached(lambda: gauge("position") == 2)
            assert gauge("published_total") == before

    play(work())
    assert "holds a message already" in caplog.text
    assert scene.stream.ids == ids(1, 2)


def test_a_stream_that_is_deleted_under_a_quiet_relay_is_refilled(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        scene.rows.write("one", "two")
        async with scene.running():
            await reached(lambda: len(scene.stream.ids) == 2)
            scene.stream.config = None
            await reached(lambda: scene.stream.config is not None and scene.stream.ids == ids(1, 2))
            scene.stream.messages.pop()
            scene.stream.last = 1
            await reached(lambda: scene.stream.ids == ids(1, 2))

    monkeypatch.setattr(module, "_TIMER", 0.02)
    play(work())


def test_wake_ups_do_not_make_the_relay_ask_the_server(scene: Scene) -> None:
    async def work() -> None:
        async with scene.running():
            scene.rows.write("first")
            scene.relay.wake()
            await reached(lambda: len(scene.stream.ids) == 1)
            for number in range(2, 7):
                scene.rows.write("more")
                scene.relay.wake()
                await reached(lambda: len(scene.stream.ids) == number)  # noqa: B023
        assert scene.stream.looks <= 3

    play(work())


def test_the_status_tells_what_waits_and_since_when(scene: Scene) -> None:
    async def work() -> None:
        assert await scene.relay.status() == StreamStatus("NOTEBOOK", 2, 3, 2, 0, None)
        scene.rows.write("private", "four", "private", "six")
        waiting = await scene.relay.status()
        assert waiting == StreamStatus("NOTEBOOK", 2, 3, 2, 2, scene.rows.events[3].time)

    scene.rows.write("one", "two")
    declared(scene, "notebook-e-1", purged=4)
    scene.stream.store("notebook-e-2", body=b"two")
    play(work())


def test_of_an_empty_stream_all_events_wait(scene: Scene) -> None:
    async def work() -> None:
        status = await scene.relay.status()
        assert (status.messages, status.position, status.waiting) == (0, 0, 2)

    scene.rows.write("one", "two")
    declared(scene)
    play(work())


def test_private_events_are_read_once_for_the_status(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        for expected in (0, 0):
            assert (await scene.relay.status()).waiting == expected
        assert reads == [1, 3, 5, 6, 6]
        scene.rows.write("seven", "private", "nine")
        assert (await scene.relay.status()).waiting == 1  # those of one batch
        scene.stream.store("notebook-e-9")
        assert (await scene.relay.status()).waiting == 0

    reads: list[int] = []
    monkeypatch.setattr(module, "_BATCH", 2)
    scene.rows.reads = reads.append
    scene.rows.write("one", *["private"] * 5)
    declared(scene, "notebook-e-1")
    play(work())
