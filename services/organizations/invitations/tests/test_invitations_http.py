"""The routes of invitations, from the offer to the membership."""

from typing import Any

import httpx2
import pytest

from organizations.tests.http_helpers import invite, link, make, refused
from organizations.tests.running_service import RunningOrganizations
from organizations.tests.world import at_once
from testing import plain_http
from testing.waiting import wait_until


def test_an_invitation_leads_to_a_membership(running: RunningOrganizations) -> None:
    owner, ann = running.user(name="Olga Owner"), running.user(name="Ann Lee")
    running.registered(owner)
    path = make(owner)
    created = invite(owner, path, ann.email.upper())
    invitation = created.json()
    assert (created.status_code, created.headers["location"]) == (201, f"{path}/invitations/{invitation['id']}")
    assert list(invitation) == ["id", "email", "role", "permissions", "limits", "status", "expires_at"]
    assert (invitation["email"], invitation["status"]) == (ann.email.upper(), "pending")
    assert owner.get(f"{path}/invitations").json()["items"] == [invitation]
    first = link(running, invitation["id"])
    wait_until(lambda: plain_http.get(running.base + first).json()["invited_by"] == "Olga Owner")
    assert plain_http.get(running.base + first).json() == {
        "organization": "Brokers",
        "invited_by": "Olga Owner",
        "email": ann.email.upper(),
        "status": "pending",
        "expires_at": invitation["expires_at"],
    }
    resent = owner.post(f"{path}/invitations/{invitation['id']}/resend")
    assert (resent.status_code, resent.json()["status"]) == (200, "pending")
    refused(plain_http.get(running.base + first), 410, "invitation-replaced")
    refused(ann.post(f"{first}/accept"), 410, "invitation-replaced")
    second = link(running, invitation["id"], 2)
    refused(running.user().post(f"{second}/accept"), 403, "invitation-for-another-address")
    refused(running.user().post(f"{second}/decline"), 403, "invitation-for-another-address")
    refused(running.client(path.rpartition("/")[2]).post(f"{second}/accept"), 403, "person-needed")
    refused(plain_http.post(f"{running.base}{second}/accept"), 401, "unauthenticated")
    refused(running.nobody().post(f"{second}/accept"), 401, "invalid-token")
    accepted = ann.post(f"{second}/accept")
    assert accepted.status_code == 200
    assert (accepted.json()["user_id"], accepted.json()["role"]) == (str(ann.id), "viewer")
    assert accepted.json()["email"] == ann.email
    assert ann.post(f"{second}/accept").json() == accepted.json()
    assert plain_http.get(running.base + second).json()["status"] == "accepted"
    refused(invite(owner, path, ann.email), 409, "already-member")
    refused(owner.delete(f"{path}/invitations/{invitation['id']}"), 409, "invitation-closed")
    assert [one["status"] for one in owner.get(f"{path}/invitations").json()["items"]] == ["accepted"]


def test_an_invitation_is_declined_or_revoked(running: RunningOrganizations) -> None:
    owner, ann = running.user(), running.user()
    path = make(owner)
    invitation = invite(owner, path, ann.email).json()["id"]
    refused(invite(owner, path, ann.email), 409, "already-invited")
    declined = link(running, invitation)
    assert [ann.post(f"{declined}/decline").status_code for _ in range(2)] == [204, 204]
    refused(ann.post(f"{declined}/accept"), 410, "invitation-declined")
    refused(owner.post(f"{path}/invitations/{invitation}/resend"), 409, "invitation-closed")
    invitation = invite(owner, path, ann.email).json()["id"]
    revoked = link(running, invitation)
    assert [owner.delete(f"{path}/invitations/{invitation}").status_code for _ in range(2)] == [204, 204]
    assert plain_http.get(running.base + revoked).json()["status"] == "revoked"
    refused(ann.post(f"{revoked}/accept"), 410, "invitation-revoked")
    refused(ann.post(f"{revoked}/decline"), 410, "invitation-revoked")


def test_an_unverified_address_accepts_nothing(running: RunningOrganizations) -> None:
    owner, stranger = running.user(), running.user(verified=False)
    path = make(owner)
    token = link(running, invite(owner, path, stranger.email).json()["id"])
    refused(stranger.post(f"{token}/accept"), 403, "email-not-verified")
    refused(stranger.get(path), 404, "not-found")


def test_identity_is_asked_about_users_only_for_valid_links(running: RunningOrganizations) -> None:
    person = running.user()
    asked = running.identity.asked_for_people
    for token in ("nonsense", "AAAAAAAAAAAAAAAAAAAAAA.AAAA", "%00", "a" * 3000):
        refused(person.post(f"/api/v1/invitations/{token}/accept"), 404, "not-found")
        refused(plain_http.get(f"{running.base}/api/v1/invitations/{token}"), 404, "not-found")
    assert running.identity.asked_for_people == asked


@pytest.mark.parametrize(
    "email",
    ["", "ann", "ann@example.com\r\nBcc: all@example.com", "a" * 300 + "@example.com", "ann@exa mple.com", 7, None],
)
def test_an_invalid_address_is_refused_by_its_field(running: RunningOrganizations, email: Any) -> None:
    owner = running.user()
    path = make(owner)
    answer = owner.post(f"{path}/invitations", json={"email": email, "role": "viewer"})
    refused(answer, 422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == ["email"]
    assert owner.get(f"{path}/invitations").json()["items"] == []


def test_fifty_concurrent_accepts_by_http_give_one_membership(running: RunningOrganizations) -> None:
    owner, ann = running.user(), running.user()
    path = make(owner)
    token = link(running, invite(owner, path, ann.email).json()["id"])
    answers = at_once([lambda: ann.post(f"{token}/accept")] * 50)
    statuses = {answer.status_code for answer in answers if isinstance(answer, httpx2.Response)}
    assert statuses <= {200, 503}
    assert 200 in statuses
    assert [member["user_id"] for member in owner.get(f"{path}/members").json()["items"]] == [
        str(owner.id),
        str(ann.id),
    ]
    joined = owner.get(f"{path}/audit?type=MemberJoined").json()["items"]
    assert len(joined) == 1


def test_resending_an_invitation_is_limited_to_five_at_once(running: RunningOrganizations) -> None:
    owner = running.user()
    path = make(owner)
    invitation = invite(owner, path, "ann@example.com").json()["id"]
    for _ in range(5):
        assert owner.post(f"{path}/invitations/{invitation}/resend").status_code == 200
    answer = owner.post(f"{path}/invitations/{invitation}/resend")
    refused(answer, 429, "limit-reached")
    assert int(answer.headers["retry-after"]) > 0


def test_invitations_are_limited_to_five_hundred_at_once_and_refused_ones_do_not_count(
    running: RunningOrganizations,
) -> None:
    owner = running.user()
    path = make(owner)
    answers = [invite(owner, path, f"guest{number}@example.com") for number in (0, 0, 0, *range(1, 499))]
    assert [answer.status_code for answer in answers[:4]] == [201, 409, 409, 201]
    assert {answer.status_code for answer in answers[3:]} == {201}
    more = 0
    while (answer := invite(owner, path, f"more{more}@example.com")).status_code == 201 and more < 100:
        more += 1
    refused(answer, 429, "limit-reached")
    assert 1 <= int(answer.headers["retry-after"]) <= 8
    assert more >= 1
    assert running.store_rows(path.rpartition("/")[2])["pending"] == 499 + more


def test_guessing_a_hundred_links_is_limited(running: RunningOrganizations) -> None:
    owner = running.user()
    good = link(running, invite(owner, make(owner), "ann@example.com").json()["id"])
    with plain_http.client(base_url=running.base, headers={"X-Forwarded-For": "192.0.2.77"}) as guesser:
        for number in range(100):
            assert guesser.get(f"/api/v1/invitations/thi_{number}").status_code == 404
        refused(guesser.get(good), 429, "limit-reached")
    assert plain_http.get(running.base + good).status_code == 200
