"""Members, permissions and invitations."""

import json

from portal.tests.fake_backend import API, HOME, MEMBER, ORG, USER, Browser


def test_names_are_escaped(signed_in: Browser) -> None:
    signed_in.backend.lists("/members", MEMBER)
    signed_in.backend.lists("/invitations")
    page = signed_in.http.get(f"{HOME}/users").text
    assert "&lt;Ada&gt;" in page
    assert "<Ada>" not in page


def test_invite_shows_a_result_for_each_address(signed_in: Browser) -> None:
    def invited(asked: dict[str, object]) -> tuple[int, object]:
        email = json.loads(str(asked["body"]))["email"]
        if email == "known@b.example":
            return 409, {"code": "already-member", "detail": ""}
        return 201, {"id": str(USER), "email": email}

    signed_in.backend.answers[f"POST {API}/invitations"] = invited
    signed_in.backend.lists("/platforms")
    form = {"emails": "a@b.example, known@b.example; a@b.example", "role": "viewer", "key": "k"}
    page = signed_in.http.post(f"{HOME}/users/invite", data=form).text
    assert page.count("<li><span") == 2
    assert "This user is already a member." in page
    assert ">known@b.example</textarea>" in page
    keys = {
        each["headers"]["Idempotency-Key"]
        for each in signed_in.backend.asked
        if each["method"] == "POST" and "Idempotency-Key" in each["headers"]
    }
    assert len(keys) == 2


def test_last_administrator_cannot_be_removed(signed_in: Browser) -> None:
    signed_in.backend.lists("/members", MEMBER)
    assert "is the only administrator" in signed_in.http.get(f"{HOME}/users/{USER}/remove").text


def test_list_continues_from_members_to_invitations(signed_in: Browser) -> None:
    invitation = {**MEMBER, "id": str(ORG), "email": "new@broker.example", "status": "pending"}
    signed_in.backend.answers[f"GET {API}/members"] = (200, {"items": [MEMBER], "next_cursor": "m2"})
    first = signed_in.http.get(f"{HOME}/users").text
    assert "cursor=members%3Am2" in first
    signed_in.backend.lists("/members", MEMBER)
    signed_in.backend.lists("/invitations", {**invitation, "expires_at": MEMBER["joined_at"]})
    assert "new@broker.example" in signed_in.http.get(f"{HOME}/users?cursor=members:m2").text
    assert "&lt;Ada&gt;" not in signed_in.http.get(f"{HOME}/users?cursor=invitations:i2").text


def test_member_is_removed_after_confirmation(signed_in: Browser) -> None:
    other = {**MEMBER, "user_id": str(ORG), "role": "viewer"}
    signed_in.backend.lists("/members", MEMBER, other)
    signed_in.backend.answers[f"DELETE {API}/members/{ORG}"] = (204, None)
    assert signed_in.http.get(f"{HOME}/users/{ORG}/remove").status_code == 200
    assert signed_in.backend.calls("DELETE") == []
    assert signed_in.http.post(f"{HOME}/users/{ORG}/remove").status_code == 303
    assert signed_in.backend.calls("DELETE") == [f"{API}/members/{ORG}"]
