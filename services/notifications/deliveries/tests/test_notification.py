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


def test_a_delivered_or_failed_mail_does_not_change() -> None:
    mail = _mail()
    mail.sent(1)
    loaded = _stored(mail)
    loaded.sent(2)
    loaded.failed("too-late", 2)
    loaded.outcome_is_unknown(2)
    assert not loaded.collect_events()


def test_a_mail_sent_after_an_unknown_outcome_is_marked() -> None:
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


def test_a_failure_has_its_reason_and_number_of_attempts() -> None:
    loaded = _stored(_mail())
    loaded.failed("smtp-550", 3)
    [failed] = loaded.collect_events()
    assert isinstance(failed, Notification.Failed)
    assert (failed.reason, failed.attempts) == ("smtp-550", 3)


def test_a_mail_starts_as_it_was_requested() -> None:
    ids = [uuid4() for _ in range(4)]
    user, invitation, organization, client = ids
    mail = _stored(
        Notification(
            template="joined",
            cause="c",
            user_id=user,
            invitation_id=invitation,
            organization_id=organization,
            client_id=client,
        )
    )
    assert (mail.template, mail.cause, mail.outcome_unknown, mail.ended) == ("joined", "c", False, False)
    assert [mail.user_id, mail.invitation_id, mail.organization_id, mail.client_id] == ids
    assert mail.requested_at == mail.created_on


@pytest.mark.parametrize("failed", [False, True])
def test_a_mail_has_one_outcome_with_its_subject(failed: bool) -> None:
    mail = _stored(_mail())
    for _ in range(2):
        if failed:
            mail.failed("smtp-550", 1)
        else:
            mail.sent(1)
    [ended] = mail.pending_events
    assert isinstance(ended, Notification.Sent | Notification.Failed)
    assert (ended.template, ended.cause, ended.user_id, ended.attempts) == ("joined", "identity-e1-1", mail.user_id, 1)
    assert not getattr(ended, "outcome_unknown", False)
    assert mail.ended


def test_a_used_secret_before_any_attempt_is_a_failure() -> None:
    mail = _stored(_mail())
    mail.secret_unavailable("used", 1)
    [failed] = mail.collect_events()
    assert isinstance(failed, Notification.Failed)


def test_an_unknown_outcome_is_recorded_with_its_attempt() -> None:
    mail = _stored(_mail())
    mail.outcome_is_unknown(3)
    [unknown] = mail.pending_events
    assert isinstance(unknown, Notification.OutcomeUnknown)
    assert (unknown.attempts, mail.outcome_unknown, mail.ended) == (3, True, False)
