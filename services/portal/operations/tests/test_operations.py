"""The pages of operators: service status, dead letters, operator log and e-mails."""

import re
from typing import Any

import pytest

from portal.operations.routes import SERVICES, pretty, size
from portal.tests.fake_backend import USER, Browser, FakeBackend

HOME = "/portal/operations"
PAGES = ("", "/mails", "/identity", "/identity/record", "/identity/7/discard")
HTMX = {"HX-Request": "true", "HX-Current-URL": f"http://localhost:8080{HOME}/identity"}
PARKED = {
    "id": 7,
    "durable": "identity-organizations",
    "source": "/organizations/1",
    "subject": "the-subject",
    "sequence": 3,
    "type": "tradehall.organizations.OrgRenamed.v1",
    "payload": '{"name": "<b>Acme</b>"}',
    "error": "KeyError: 'name'",
    "attempts": 3,
    "parked_at": "2026-01-02T03:04:05Z",
}
MAIL = {
    "id": "33333333-3333-3333-3333-333333333333",
    "template": "registration",
    "cause": "identity-1-9",
    "user_id": str(USER),
    "invitation_id": None,
    "organization_id": None,
    "state": "failed",
    "attempts": 2,
    "reason": "smtp-550",
    "outcome_unknown": True,
    "requested_at": "2026-01-02T03:04:05Z",
    "ended_at": "2026-01-02T03:05:05Z",
    "due_at": None,
}


def overview(service: str, **changes: Any) -> dict[str, Any]:
    stream = {"stream": service.upper(), "messages": 12, "bytes": 3400, "position": 15, "waiting": 0}
    return {
        "service": service,
        "ready": True,
        "health": {"database": "ok", "loop": "ok", "bus": "ok"},
        "published": {**stream, "waiting_since": None},
        "reading": [{"durable": f"{service}-others", "pending": 0, "in_hand": 0}],
        "parked": 0,
        **changes,
    }


def listed(*items: dict[str, Any], cursor: str | None = None) -> tuple[int, Any]:
    return 200, {"items": list(items), "next_cursor": cursor}


@pytest.fixture
def operator(backend: FakeBackend, browser: Browser) -> Browser:
    backend.answers["GET /me"] = (
        200,
        {"id": str(USER), "email": "o@backend.example", "name": "Olga", "operator": True},
    )
    for service in SERVICES:
        backend.answers[f"GET /operations/{service}"] = (200, overview(service))
        backend.answers[f"GET /operations/{service}/dead-letters"] = listed()
        backend.answers[f"GET /operations/{service}/operator-log"] = listed()
    backend.answers["GET /operations/notifications/mails"] = listed(MAIL)
    backend.answers["GET /operations/identity/dead-letters"] = listed(
        PARKED, {**PARKED, "id": 8, "sequence": 4, "attempts": 0}
    )
    return browser.sign_in()


@pytest.mark.parametrize("page", PAGES)
def test_other_users_get_no_page_and_no_link(browser: Browser, page: str) -> None:
    other_user = browser.sign_in()
    answer = other_user.http.get(HOME + page)
    assert answer.status_code == 404
    assert HOME not in other_user.http.get("/portal/organizations").text
    assert not [each for each in other_user.backend.asked if each["path"].startswith("/api/v1/operations")]


def test_operator_has_a_link_in_the_menu(operator: Browser) -> None:
    assert f'href="{HOME}"' in operator.http.get("/portal/organizations").text


def test_services_are_shown_with_their_problems(operator: Browser) -> None:
    cut_off = {"database": "ok", "loop": "ok", "bus": "out of reach for 9 s"}
    unknown = [{"durable": "identity-organizations", "pending": None, "in_hand": None}]
    operator.backend.answers["GET /operations/identity"] = (
        200,
        overview("identity", health=cut_off, published=None, reading=unknown, parked=2),
    )
    operator.backend.refuses("GET /operations/platforms", 503, "service-unavailable")
    page = operator.http.get(HOME)
    assert page.status_code == 200
    assert "out of reach for 9 s" in page.text
    assert "Unreachable" in page.text
    assert page.text.count("Ready") == 2
    assert "3.4 kB" in page.text


def test_refusal_by_a_service_is_a_page(operator: Browser) -> None:
    operator.backend.refuses("GET /operations/identity", 403, "operator-needed")
    assert operator.http.get(HOME).status_code == 403


def test_only_the_first_dead_letter_of_an_aggregate_has_a_replay_button(operator: Browser) -> None:
    page = operator.http.get(f"{HOME}/identity").text
    assert "&lt;b&gt;Acme" in page
    assert "<b>Acme" not in page
    assert re.findall(r'action="([^"]*/replay)"', page) == [f"{HOME}/identity/7/replay"]
    assert f"{HOME}/identity/8/discard" in page


def test_replay_shows_the_number_of_applied_messages(operator: Browser) -> None:
    operator.backend.answers["POST /operations/identity/dead-letters/7/replay"] = (200, {"replayed": 2})
    answer = operator.http.post(f"{HOME}/identity/7/replay")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}/identity")
    assert "2 messages were applied in order." in operator.http.get(f"{HOME}/identity").text


@pytest.mark.parametrize("htmx", [True, False])
def test_failed_replay_shows_the_error_on_the_same_page(operator: Browser, htmx: bool) -> None:
    operator.backend.refuses(
        "POST /operations/identity/dead-letters/7/replay", 409, "replay-failed", "KeyError: 'name'"
    )
    answer = operator.http.post(f"{HOME}/identity/7/replay", headers=HTMX if htmx else {})
    assert answer.status_code == 409
    assert "The replay failed; the message remains a dead letter: KeyError" in answer.text
    assert ("HX-Retarget" in answer.headers) is htmx


@pytest.mark.parametrize("what", ["replay", "discard"])
def test_missing_dead_letter_is_reported(operator: Browser, what: str) -> None:
    operator.backend.refuses(f"POST /operations/identity/dead-letters/7/{what}", 404, "not-found")
    assert operator.http.post(f"{HOME}/identity/7/{what}", data={"reason": "x"}).status_code == 303
    assert "This dead letter no longer exists." in operator.http.get(f"{HOME}/identity").text


@pytest.mark.parametrize("htmx", [True, False])
def test_discard_needs_a_reason(operator: Browser, htmx: bool) -> None:
    call = "POST /operations/identity/dead-letters/7/discard"
    asked = operator.http.get(f"{HOME}/identity/7/discard", headers=HTMX if htmx else {})
    assert "will not process this message" in asked.text
    operator.backend.refuses(call, 422, "invalid", reason="must not be empty")
    refused = operator.http.post(f"{HOME}/identity/7/discard", data={"reason": " "}, headers=HTMX if htmx else {})
    assert refused.status_code == 422
    assert 'id="reason-error" role="alert">Must not be empty' in refused.text
    operator.backend.answers[call] = (204, None)
    assert operator.http.post(f"{HOME}/identity/7/discard", data={"reason": "old"}).status_code == 303
    assert '{"reason":"old"}' in operator.backend.asked[-1]["body"].replace(" ", "")


def test_the_operator_log_names_actor_action_and_reason(operator: Browser) -> None:
    noted = {key: PARKED[key] for key in ("id", "durable", "source", "subject", "sequence", "type")}
    mine = {**noted, "at": "2026-01-02T03:04:05Z", "actor": str(USER), "action": "discarded", "reason": "a double"}
    operator.backend.answers["GET /operations/identity/operator-log"] = listed(mine, cursor="next")
    page = operator.http.get(f"{HOME}/identity/record").text
    assert "You" in page
    assert "a double" in page
    assert "?cursor=next" in page


def test_mails_show_their_delivery_and_are_filtered_by_state(operator: Browser) -> None:
    page = operator.http.get(f"{HOME}/mails").text
    for text in ("One-time password", "smtp-550", "The recipient may have received it twice.", str(USER)):
        assert text in page
    operator.backend.answers["GET /operations/notifications/mails"] = listed(MAIL, cursor="next")
    assert "?state=failed&amp;cursor=next" in operator.http.get(f"{HOME}/mails?state=failed").text
    operator.http.get(f"{HOME}/mails?state=elsewhere")
    asked = [each["query"] for each in operator.backend.asked if each["path"].endswith("/mails")]
    assert asked == [{}, {"state": ["failed"]}, {}]


def test_unknown_service_is_missing(operator: Browser) -> None:
    assert operator.http.get(f"{HOME}/elsewhere").status_code == 404


def test_sizes_and_payloads_are_readable() -> None:
    assert [size(each) for each in (0, 999, 1000, 123_456, 5_000_000_000_000)] == [
        *("0 B", "999 B", "1.0 kB", "123 kB", "5000 GB"),
    ]
    assert pretty('{"a":"ü"}') == '{\n  "a": "ü"\n}'
    assert pretty("no JSON") == "no JSON"
