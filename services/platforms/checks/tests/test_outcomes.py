"""The status of a platform and its schedule after each outcome."""

from platforms.checks.outcomes import combined, severity_of, wait


def test_the_worse_of_two_targets_is_the_status_of_the_platform() -> None:
    assert combined([]) == ("unknown", None)
    assert combined([("unknown", "not-checkable"), ("ok", None)]) == ("ok", None)
    assert combined([("degraded", "plaintext"), ("ok", None)]) == ("degraded", "plaintext")
    assert combined([("lost", "timeout"), ("refused", "bad-credentials")]) == ("refused", "bad-credentials")


def test_a_refusal_stops_the_schedule_and_a_lost_server_slows_it() -> None:
    assert severity_of("bad-credentials") == "refused"
    assert wait("refused", 1) is None
    pauses = [wait("lost", failures) for failures in (1, 2, 3, 50)]
    seconds = [pause.total_seconds() for pause in pauses if pause]
    assert seconds == sorted(seconds)
    assert 48 <= seconds[0] <= 72
    assert seconds[-1] <= 36 * 60
    usual = {wait("ok", 0) for _ in range(20)}
    assert len(usual) > 1  # with jitter
    assert all(pause and 240 <= pause.total_seconds() <= 360 for pause in usual)
