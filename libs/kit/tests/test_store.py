"""The event store: one transaction, one order, races decided, personal fields forgotten."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr

from kit.context import acting
from kit.errors import NotFound
from kit.eventstore.rebuild import ErasedDuringRebuild, Rebuilt, rebuild
from kit.eventstore.store import VersionConflict
from kit.security.keys import KeyUnavailable, MasterKey
from kit.security.service_keys import ServiceKeys
from kit.tests.notebook import MASTER, NameTaken, Note, Notebook, open_notebook


def test_events_and_views_are_stored_in_one_transaction(notebook: Notebook) -> None:
    def fails() -> None:
        notebook.save(Note(title="lost", author=None))
        raise RuntimeError

    kept = notebook.write("kept")
    with pytest.raises(RuntimeError):
        notebook.run(fails)
    assert [row["id"] for row in notebook.database.all("SELECT id FROM notes")] == [kept]
    assert [one.aggregate_id for one in notebook.read(0, 10)] == [kept]


def test_events_carry_who_acted_and_for_which_request(notebook: Notebook) -> None:
    with acting(actor="someone", correlation="request-1", causation="event-1"):
        notebook.write("a")
    stored = notebook.read(0, 1)[0].event
    assert (stored.by, stored.correlation, stored.causation) == ("someone", "request-1", "event-1")


def test_find_raises_not_found(notebook: Notebook) -> None:
    with pytest.raises(NotFound):
        notebook.find(Note, uuid4())


def test_a_unique_violation_differs_from_a_version_conflict(postgres_dsn: str) -> None:
    book = open_notebook(postgres_dsn, unique_titles=True)
    barrier = threading.Barrier(16)

    def claim(_: int) -> bool:
        barrier.wait()
        try:
            book.write("one name")
        except NameTaken:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claim, range(16))) == 1
    book.database.close()


def test_concurrent_changes_of_one_aggregate_all_succeed(notebook: Notebook) -> None:
    note = notebook.write("start")
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda i: notebook.retitle(note, f"title {i}"), range(60)))
    assert notebook.find(Note, note).version == 61


def test_a_stale_save_is_a_version_conflict_and_nothing_else(notebook: Notebook) -> None:
    note_id = notebook.write("start")
    first, second = notebook.find(Note, note_id), notebook.find(Note, note_id)
    first.retitle("first")
    notebook.save(first)
    second.retitle("second")
    with pytest.raises(VersionConflict):
        notebook.save(second)


def test_a_reader_of_64_writers_sees_all_events_in_one_order(notebook: Notebook) -> None:
    writers, each = 64, 12
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        while not (done.is_set() and notebook.recorder.max_notification_id() == (seen[-1] if seen else 0)):
            seen.extend(one.sequence for one in notebook.read(seen[-1] if seen else 0, 50))

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda _: _write_many(notebook, each), range(writers)))
    done.set()
    reader.join(30)
    stored = [row["sequence"] for row in notebook.database.all("SELECT sequence FROM events ORDER BY sequence")]
    assert len(stored) == writers * each
    assert seen == stored


def _write_many(book: Notebook, count: int) -> None:
    while count:
        try:
            book.write("n")
            count -= 1
        except psycopg.OperationalError:  # the pool is smaller than the crowd
            continue


def test_personal_fields_are_encrypted_and_erased_with_their_key(notebook: Notebook) -> None:
    note = notebook.write("public", author="Grace Hopper")
    for number in range(6):
        notebook.retitle(note, f"public {number}")  # passes the snapshot interval
    raw = b"".join(bytes(row["state"]) for row in notebook.database.all("SELECT state FROM events"))
    raw += b"".join(bytes(row["state"]) for row in notebook.database.all("SELECT state FROM snapshots"))
    assert b"Grace" not in raw
    assert notebook.find(Note, note).author == "Grace Hopper"
    assert notebook.subjects.destroy(str(note))
    assert notebook.find(Note, note).author is None
    assert notebook.read(0, 1)[0].event.author is None
    assert not notebook.subjects.destroy(str(note))


def test_a_key_read_during_its_destruction_is_not_cached(notebook: Notebook) -> None:
    note = notebook.write("public", author="Grace Hopper")
    with notebook.database.transaction():
        notebook.subjects.destroy(str(note))
        with ThreadPoolExecutor(1) as another:
            assert another.submit(notebook.find, Note, note).result().author == "Grace Hopper"
    assert notebook.find(Note, note).author is None


def test_a_title_that_looks_like_a_stored_personal_value_stays_as_it_is(notebook: Notebook) -> None:
    note = notebook.write("personal:x:y")
    assert notebook.find(Note, note).title == "personal:x:y"


def test_a_key_of_a_failed_transaction_is_not_reused(notebook: Notebook) -> None:
    note = Note(title="x", author="Ada")

    def fails() -> None:
        notebook.subjects.obtain(str(note.id))
        notebook.subjects.find(str(note.id))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        notebook.run(fails)
    notebook.run(lambda: notebook.save(note))
    assert notebook.find(Note, note.id).author == "Ada"


def test_rebuilt_views_equal_the_live_ones(notebook: Notebook) -> None:
    notes = [notebook.write(f"n{i}", author=f"author {i}") for i in range(5)]
    notebook.retitle(notes[0], "changed")
    query = "SELECT id, title, author FROM notes ORDER BY id"
    live = notebook.database.all(query)
    notebook.database.execute("UPDATE notes SET title = 'damaged'")
    assert rebuild(notebook) == Rebuilt(6, {"notes": 5})
    assert notebook.database.all(query) == live


def test_a_rebuild_is_discarded_after_an_erasure(notebook: Notebook) -> None:
    note = notebook.write("n", author="Ada")

    def forget(_: int) -> None:
        notebook.subjects.destroy(str(note))

    notebook.database.execute("UPDATE notes SET author = NULL, title = 'damaged'")
    with pytest.raises(ErasedDuringRebuild):
        rebuild(notebook, progress=forget)
    assert notebook.database.all("SELECT title, author FROM notes") == [{"title": "damaged", "author": None}]
    assert rebuild(notebook) == Rebuilt(1, {"notes": 1})
    assert notebook.database.all("SELECT title, author FROM notes") == [{"title": "n", "author": None}]


def test_commands_work_during_a_rebuild(notebook: Notebook) -> None:
    for number in range(3):
        notebook.write(f"n{number}")
    told: list[int] = []

    def write(reached: int) -> None:
        if not told:
            notebook.write("meanwhile")
        told.append(reached)

    assert rebuild(notebook, batch=2, progress=write) == Rebuilt(4, {})
    assert len(notebook.database.all("SELECT id FROM notes")) == 4


def test_concurrent_replicas_share_service_keys(notebook: Notebook) -> None:
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda _: ServiceKeys(notebook.database, MASTER).key("x"), range(4)))
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32


def test_a_key_wrapped_by_an_unknown_master_key_is_unavailable() -> None:
    wrapped = MASTER.wrap(b"k" * 32, "a")
    with pytest.raises(KeyUnavailable):
        MASTER.unwrap(wrapped, "another place")
    with pytest.raises(KeyUnavailable):
        MasterKey(SecretStr(MasterKey.generate("k2"))).unwrap(wrapped, "a")
