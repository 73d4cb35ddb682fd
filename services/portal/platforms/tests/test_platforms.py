"""Trade platforms and their credentials."""

import json
import re
from typing import Any

import pytest

from portal.tests.fake_backend import API, CONNECTORS, HOME, HTMX, Browser, connector, form_field

ID = "33333333-3333-3333-3333-333333333333"
PAGE = f"{HOME}/platforms/{ID}"
PLATFORM = {
    "id": ID,
    "name": "MT5 Live",
    "kind": "mt5",
    "api": "mt5-webapi",
    "api_credentials": None,
    "db_credentials": None,
    "status": {"state": "unknown", "reason": None, "since": "2026-01-02T03:04:05Z"},
}
PUT = f"PUT {API}/platforms/{ID}/api-credentials"
FORM = {"host": "mt5.example", "port": "x", "login": "1", "password": "correct-horse"}
UNUSUAL = connector(
    "mt5-desk",
    form_field("action", label="Desk action", help="What the desk is `for`."),
    form_field("seats", "number", label="Seats", required=False, default=3),
    form_field(
        "region",
        "choice",
        label="Region",
        choices=[{"value": "eu", "label": "Europe", "help": ""}, {"value": "asia", "label": "Asia", "help": ""}],
    ),
    form_field("api_key", "password", label="API key"),
    form_field("second_key", "password", label="Second key", required=False),
    form_field("script", "multiline", label="Start script", required=False, max_length=2000),
)
ADDED_KIND = connector("desk-api", form_field("desk"), kind="sample-desk")


@pytest.fixture
def manager(signed_in: Browser) -> Browser:
    """A user whose organization has one platform."""
    signed_in.backend.answers[f"GET {API}/platforms/{ID}"] = (200, PLATFORM)
    signed_in.backend.answers[f"DELETE {API}/platforms/{ID}"] = (204, None)
    signed_in.backend.lists(f"/platforms/{ID}/checks")
    signed_in.backend.lists("/platforms", PLATFORM)
    return signed_in


@pytest.mark.parametrize("typed", ["", "MT5", "mt5 live", "MT5 Live 2", "MT5  Live"])
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
def test_remove_with_a_wrong_name_removes_nothing(manager: Browser, headers: dict[str, str], typed: str) -> None:
    answer = manager.http.post(f"{PAGE}/remove", data={"typed": typed}, headers=headers)
    assert answer.status_code == 422
    assert "The name does not match." in answer.text
    assert manager.backend.calls("DELETE") == []


def test_remove_without_a_name_removes_nothing(manager: Browser) -> None:
    assert manager.http.post(f"{PAGE}/remove").status_code == 422
    assert manager.backend.calls("DELETE") == []


@pytest.mark.parametrize("typed", ["MT5 Live", " MT5 Live "])
def test_remove_with_the_name_removes_the_platform(manager: Browser, typed: str) -> None:
    answer = manager.http.post(f"{PAGE}/remove", data={"typed": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}/platforms")
    assert manager.backend.calls("DELETE") == [f"{API}/platforms/{ID}"]


def test_remove_form_asks_for_the_name_and_removes_nothing(manager: Browser) -> None:
    assert "Type “MT5 Live” to confirm" in manager.http.get(f"{PAGE}/remove").text
    assert manager.backend.calls("DELETE") == []


@pytest.mark.parametrize("target", ["api", "db"])
def test_credentials_are_removed_after_confirmation(manager: Browser, target: str) -> None:
    manager.backend.answers[f"DELETE {API}/platforms/{ID}/{target}-credentials"] = (204, None)
    assert manager.http.get(f"{PAGE}/credentials/{target}/remove").status_code == 200
    assert manager.backend.calls("DELETE") == []
    assert manager.http.post(f"{PAGE}/credentials/{target}/remove").status_code == 303
    assert manager.backend.calls("DELETE") == [f"{API}/platforms/{ID}/{target}-credentials"]


def test_error_of_a_field_is_beside_it_and_no_password_is_shown(manager: Browser) -> None:
    manager.backend.refuses(PUT, 422, "invalid", port="must be a number", password="is too short")
    page = manager.http.post(f"{PAGE}/credentials/api", data=FORM)
    assert page.status_code == 422
    assert 'id="value-port-error" role="alert">Must be a number' in page.text
    assert 'id="value-password-error" role="alert">Is too short' in page.text
    assert "mt5.example" in page.text
    assert "correct-horse" not in page.text


@pytest.mark.parametrize("field", ["port", "credentials.port"])
@pytest.mark.parametrize("scripts", [True, False])
def test_error_of_a_check_names_the_field(manager: Browser, field: str, scripts: bool) -> None:
    manager.backend.refuses(f"POST {API}/platforms/{ID}/checks", 422, "invalid", **{field: "must be a number"})
    headers = {"Accept": "text/event-stream"} if scripts else {}
    page = manager.http.post(f"{PAGE}/credentials/api/test", data=FORM, headers=headers)
    assert ("Port: must be a number" if scripts else 'id="value-port-error" role="alert">Must be') in page.text


def test_error_without_a_field_of_the_form_is_above_it(manager: Browser) -> None:
    manager.backend.refuses(PUT, 422, "invalid", other="is not wanted")
    page = manager.http.post(f"{PAGE}/credentials/api", data=FORM).text
    assert '<div class="alert alert-danger" role="alert">Is not wanted</div>' in page


def test_form_sends_what_the_connector_asks_for(manager: Browser) -> None:
    manager.backend.answers[PUT] = (200, {})
    form = {**FORM, "port": " 443 ", "user": "not asked", "tls": "off"}
    assert manager.http.post(f"{PAGE}/credentials/api", data=form).status_code == 303
    assert sent(manager, "PUT") == {"host": "mt5.example", "port": 443, "login": 1, "password": "correct-horse"}


def test_form_of_the_database_begins_with_stored_values_and_defaults(manager: Browser) -> None:
    stored = {"host": "db.example", "port": 3306, "database": "reports", "user": "reader", "version": 4}
    manager.backend.answers[f"GET {API}/platforms/{ID}"] = (200, {**PLATFORM, "db_credentials": stored})
    page = manager.http.get(f"{PAGE}/credentials/db").text
    for value in ("db.example", "3306", "reports", "reader"):
        assert f'value="{value}"' in page
    assert 'name="tls" value="verify" checked' in page
    assert "(version 4)" in page


def test_choice_of_api_is_that_of_the_connectors(manager: Browser) -> None:
    page = manager.http.get(f"{PAGE}/edit").text
    assert 'value="mt5-webapi" checked' in page
    for shown in ("Mt5 rest", "Summary of mt5-rest.", "No API"):
        assert shown in page
    for other in ("mt4-web", "mt5-tables"):
        assert other not in page


def test_added_connector_gets_its_form(manager: Browser) -> None:
    add(manager, UNUSUAL, api="mt5-desk")
    assert "Summary of mt5-desk." in manager.http.get(f"{PAGE}/edit").text
    assert "Mt5 desk" in manager.http.get(PAGE).text
    page = manager.http.get(f"{PAGE}/credentials/api").text
    for label in ("Desk action", "Seats", "Region", "Europe", "API key", "Second key", "Start script"):
        assert label in page
    assert "What the desk is for." in page
    assert 'inputmode="numeric" aria-describedby="value-seats-hint" value="3"' in page
    assert page.count('type="password"') == 2
    assert 'type="radio" class="form-check-input" name="region" value="asia" required' in page
    assert 'maxlength="2000"' in page
    assert 'name="host"' not in page


def test_added_connector_gets_its_values(manager: Browser) -> None:
    add(manager, UNUSUAL, api="mt5-desk")
    manager.backend.answers[PUT] = (200, {})
    form = {"action": "trade", "seats": "7", "region": "asia", "api_key": "k", "second_key": "", "script": "a\nb"}
    assert manager.http.post(f"{PAGE}/credentials/api", data=form).status_code == 303
    assert sent(manager, "PUT") == {"action": "trade", "seats": 7, "region": "asia", "api_key": "k", "script": "a\nb"}
    manager.backend.refuses(PUT, 422, "invalid", script="is no script", region="is unknown")
    page = manager.http.post(f"{PAGE}/credentials/api", data=form).text
    assert 'id="value-script-error" role="alert">Is no script' in page
    assert "Is unknown" in page
    assert 'name="region" value="asia" checked' in page
    assert '<details class="more-fields" open>' in page


def test_added_kind_of_platform_is_offered_with_its_recommended_api(manager: Browser) -> None:
    add(manager, ADDED_KIND, kind="sample-desk", api="desk-api")
    page = manager.http.get(f"{HOME}/platforms/new").text
    assert page.index('value="mt5" checked') < page.index('value="mt4"') < page.index('value="sample-desk"')
    manager.backend.answers[f"POST {API}/platforms"] = (201, PLATFORM)
    manager.http.post(f"{HOME}/platforms/new", data={"name": "Desk", "kind": "sample-desk"})
    assert sent(manager, "POST") == {"name": "Desk", "kind": "sample-desk", "api": "desk-api"}
    for path in (PAGE, f"{HOME}/platforms"):
        shown = manager.http.get(path).text
        assert "sample-desk · Desk api" in shown
        assert "/credentials/db" not in shown


@pytest.mark.parametrize(("api", "target"), [("mt5-gone", "api"), ("desk-api", "db")])
def test_missing_connector_is_reported(manager: Browser, api: str, target: str) -> None:
    add(manager, ADDED_KIND, kind="sample-desk", api=api)
    for page in (
        manager.http.get(f"{PAGE}/credentials/{target}"),
        manager.http.post(f"{PAGE}/credentials/{target}", data=FORM),
        manager.http.post(f"{PAGE}/credentials/{target}/test", data=FORM),
    ):
        assert "no connector for this platform" in page.text
    assert manager.backend.calls("PUT") == []


def test_platform_without_an_installed_api_can_be_renamed(manager: Browser) -> None:
    add(manager, UNUSUAL, api="mt5-gone")
    assert manager.http.get(f"{PAGE}/edit").status_code == 200
    manager.backend.answers[f"PATCH {API}/platforms/{ID}"] = (200, PLATFORM)
    assert manager.http.post(f"{PAGE}/edit", data={"name": "New"}).status_code == 303
    assert sent(manager, "PATCH") == {"name": "New"}


def test_form_opens_with_the_stored_options(manager: Browser) -> None:
    stored = {"host": "desk.example", "login": "ada", "version": 1, "options": {"action": "trade", "region": "asia"}}
    add(manager, UNUSUAL, api="mt5-desk", api_credentials=stored)
    page = manager.http.get(f"{PAGE}/credentials/api").text
    assert re.search(r'<input[^>]* name="action"[^>]* value="trade"', page)
    assert 'name="region" value="asia" checked' in page
    assert re.search(r'<input[^>]* name="seats"[^>]* value="3"', page), "the default, as no value is stored"


def add(manager: Browser, added: dict[str, Any], **platform: Any) -> None:
    """Installs a connector, and lets the platform have other values."""
    manager.backend.answers["GET /platform-connectors"] = (200, {"items": [*CONNECTORS, added]})
    manager.backend.answers[f"GET {API}/platforms/{ID}"] = (200, {**PLATFORM, **platform})
    manager.backend.lists("/platforms", {**PLATFORM, **platform})


def sent(manager: Browser, method: str) -> Any:
    """The body of the last call with this method."""
    return json.loads([each for each in manager.backend.asked if each["method"] == method][-1]["body"])


@pytest.mark.parametrize("path", [f"{HOME}/platforms", f"{HOME}/platforms/new", PAGE])
@pytest.mark.parametrize(("status", "code"), [(404, "not-found"), (503, "service-unavailable")])
def test_missing_list_of_connectors_is_a_temporary_outage(manager: Browser, path: str, status: int, code: str) -> None:
    manager.backend.refuses("GET /platform-connectors", status, code)
    for headers in ({}, HTMX):
        answer = manager.http.get(path, headers=headers)
        assert answer.status_code == 503
        assert "Service unavailable" in answer.text
        assert "Try again in a few minutes." in answer.text
