"""Deleting and leaving an organization."""

import pytest

from portal.tests.fake_backend import API, HOME, HTMX, Browser


@pytest.mark.parametrize("typed", ["", "acme", "Acme Ltd", "A"])
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
def test_delete_with_a_wrong_name_deletes_nothing(signed_in: Browser, headers: dict[str, str], typed: str) -> None:
    signed_in.backend.answers[f"DELETE {API}"] = (204, None)
    answer = signed_in.http.post(f"{HOME}/delete", data={"typed": typed}, headers=headers)
    assert answer.status_code == 422
    assert "The name does not match." in answer.text
    assert signed_in.backend.calls("DELETE") == []


@pytest.mark.parametrize("typed", ["Acme", " Acme "])
def test_delete_with_the_name_deletes_the_organization(signed_in: Browser, typed: str) -> None:
    signed_in.backend.answers[f"DELETE {API}"] = (204, None)
    assert signed_in.http.get(f"{HOME}/delete").status_code == 200
    assert signed_in.backend.calls("DELETE") == []
    answer = signed_in.http.post(f"{HOME}/delete", data={"typed": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/organizations")
    assert signed_in.backend.calls("DELETE") == [API]


def test_leave_form_leaves_nothing(signed_in: Browser) -> None:
    assert signed_in.http.get(f"{HOME}/leave").status_code == 200
    assert signed_in.backend.calls("DELETE") == []


def test_problem_without_field_is_shown_for_the_whole_form(signed_in: Browser) -> None:
    signed_in.backend.refuses(f"DELETE {API}/members/me", 409, "last-administrator")
    answer = signed_in.http.post(f"{HOME}/leave")
    assert "An organization must have at least one administrator." in answer.text
