"""The rules of a notification, on aggregates that were stored and loaded again."""

from uuid import uuid4

import pytest

from kit.tests.memory import Memory
from notifications.deliveries.domain import Notification


def _stored(mail: Notification) -> Notification:
    return Memory().again(mail)


def _mail(cause: str = "identity-e1-1", template: str = "joined") -> Notification:
    return Notification(
        template=template,
        cause=cause,
        user_id=uuid4(),
        invitation_id=None,
        organization_id=None,
        client_id=None,
    )


def _with_unknown_outcome() -> Notification:
    mail = _mail()
    mail.outcome_is_unknown(1)
    return _stored(mail)


def test_one_event_and_one_template_make_one_id() -> None:
    assert _mail().id == _mail().id
    assert _mail().id != _mail(cause="identity-e1-2").id
    assert _mail().id != _mail(template="removed").id


def test_a_mail_that_has_ended_does_not_change_any_more() -> None:
    mail = _mail()
    mail.sent(1)
    loaded = _stored(mail)
    loaded.sent(2)
    loaded.failed("too-late", 2)
    loaded.outcome_is_unknown(2)
    assert not loaded.collect_events()


def test_a_mail_sent_after_an_unknown_outcome_says_so() -> None:
    loaded = _with_unknown_outcome()
    loaded.sent(2)
    [sent] = loaded.collect_events()
    assert isinstance(sent, Notification.Sent)
    assert sent.outcome_unknown
    assert (sent.template, sent.cause, sent.user_id) == ("joined", "identity-e1-1", loaded.user_id)


@pytest.mark.parametrize("reason", ["used", "invitation-used", "invitation-declined"])
def test_a_used_secret_after_an_unknown_outcome_is_no_failure(reason: str) -> None:
    loaded = _with_unknown_outcome()
    loaded.secret_unavailable(reason, 2)
    [sent] = loaded.collect_events()
    assert isinstance(sent, Notification.Sent)
    assert sent.outcome_unknown


@pytest.mark.parametrize("reason", ["not-due", "invitation-revoked", "invitation-replaced", "invitation-expired"])
def test_a_revoked_secret_after_an_unknown_outcome_is_a_failure(reason: str) -> None:
    loaded = _with_unknown_outcome()
    loaded.secret_unavailable(reason, 2)
    [failed] = loaded.collect_events()
    assert isinstance(failed, Notification.Failed)
    assert (failed.reason, loaded.outcome_unknown) == (reason, True)


def test_an_unavailable_secret_before_any_attempt_is_a_failure() -> None:
    loaded = _stored(_mail())
    loaded.secret_unavailable("not-due", 1)
    [failed] = loaded.collect_events()
    assert isinstance(failed, Notification.Failed)
    assert failed.reason == "not-due"


def test_a_failure_says_why_and_after_how_many_attempts() -> None:
    loaded = _stored(_mail())
    loaded.failed("smtp-550", 3)
    [failed] = loaded.collect_events()
    assert isinstance(failed, Notification.Failed)
    assert (failed.reason, failed.attempts) == ("smtp-550", 3)
