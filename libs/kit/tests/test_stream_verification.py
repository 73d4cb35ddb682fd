"""The comparison of a stream with its event store."""

from kit.messaging.stream_verification import Entry, Verdict, compared


def event(sequence: int, says: bytes = b"same", epoch: str = "e") -> Entry:
    return Entry(f"x-{epoch}-{sequence}", sequence, says)


def test_a_complete_stream_is_sound_and_later_events_are_waiting() -> None:
    stored = [event(2), event(3), event(7), event(9)]
    verdict = compared(stored, [event(2), event(3), event(7)])
    assert verdict == Verdict(messages=3, waiting=1)
    assert verdict.sound


def test_deleted_messages_are_erased_and_absent_ones_missing() -> None:
    stored = [event(n) for n in (1, 2, 3, 4)]
    assert compared(stored, [event(1), None, None, event(4)]) == Verdict(messages=2, erased=2)
    lacking = compared(stored, [event(1), None, event(4)])
    assert (lacking.missing, lacking.sound) == (["x-e-2", "x-e-3"], False)
    assert compared(stored[1:], [None, event(2), event(3), event(4)]).sound


def test_changed_messages_differ_and_messages_without_event_are_unknown() -> None:
    stored = [event(1), event(2), event(3)]
    stream = [event(1, b"other"), event(2, epoch="lost"), event(2), event(3), Entry("forged", 0, b"")]
    verdict = compared(stored, stream)
    assert (verdict.different, verdict.unknown, verdict.missing) == (["x-e-1"], ["x-lost-2", "forged"], [])


def test_empty_streams_are_equal() -> None:
    assert compared([], []) == Verdict()
    assert compared([event(1)], []) == Verdict(waiting=1)
