"""Trade platforms and their credentials."""

import pytest

from portal.tests.hall import API, HOME, HTMX, Browser

ID = "33333333-3333-3333-3333-333333333333"
PAGE = f"{HOME}/platforms/{ID}"
PLATFORM = {
    "id": ID,
    "name": "MT5 Live",
    "kind": "mt5",
    "api": "mt5-webapi",
    "api_credentials": None,
    "db_credentials": None,
}


@pytest.fixture
def manager(signed_in: Browser) -> Browser:
    """A user whose organization has one platform."""
    signed_in.hall.answers[f"GET {API}/platforms/{ID}"] = (200, PLATFORM)
    signed_in.hall.answers[f"DELETE {API}/platforms/{ID}"] = (204, None)
    return signed_in


@pytest.mark.parametrize("typed", ["", "MT5", "mt5 live", "MT5 Live 2", "MT5  Live"])
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
def test_remove_with_a_wrong_name_removes_nothing(manager: Browser, headers: dict[str, str], typed: str) -> None:
    answer = manager.http.post(f"{PAGE}/remove", data={"typed": typed}, headers=headers)
    assert answer.status_code == 422
    assert "The name does not match." in answer.text
    assert manager.hall.calls("DELETE") == []


def test_remove_without_a_name_removes_nothing(manager: Browser) -> None:
    assert manager.http.post(f"{PAGE}/remove").status_code == 422
    assert manager.hall.calls("DELETE") == []


@pytest.mark.parametrize("typed", ["MT5 Live", " MT5 Live "])
def test_remove_with_the_name_removes_the_platform(manager: Browser, typed: str) -> None:
    answer = manager.http.post(f"{PAGE}/remove", data={"typed": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}/platforms")
    assert manager.hall.calls("DELETE") == [f"{API}/platforms/{ID}"]


def test_remove_form_asks_for_the_name_and_removes_nothing(manager: Browser) -> None:
    assert "Type “MT5 Live” to confirm" in manager.http.get(f"{PAGE}/remove").text
    assert manager.hall.calls("DELETE") == []


@pytest.mark.parametrize("target", ["api", "db"])
def test_credentials_are_removed_after_confirmation(manager: Browser, target: str) -> None:
    manager.hall.answers[f"DELETE {API}/platforms/{ID}/{target}-credentials"] = (204, None)
    assert manager.http.get(f"{PAGE}/credentials/{target}/remove").status_code == 200
    assert manager.hall.calls("DELETE") == []
    assert manager.http.post(f"{PAGE}/credentials/{target}/remove").status_code == 303
    assert manager.hall.calls("DELETE") == [f"{API}/platforms/{ID}/{target}-credentials"]


def test_refused_password_is_not_shown(manager: Browser) -> None:
    manager.hall.refuses(f"PUT {API}/platforms/{ID}/api-credentials", 422, "invalid", port="must be a number")
    form = {"host": "mt5.example", "port": "x", "login": "1", "password": "correct-horse"}
    page = manager.http.post(f"{PAGE}/credentials/api", data=form)
    assert page.status_code == 422
    assert "Must be a number" in page.text
    assert "mt5.example" in page.text
    assert "correct-horse" not in page.text
