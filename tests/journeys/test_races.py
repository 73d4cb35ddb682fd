"""Races at the public interface: one invitation, one last administrator, one registration."""

from concurrent.futures import ThreadPoolExecutor

from testing.driver import SystemDriver, UserDriver, address, call
from testing.waiting import wait_until


def test_fifty_accepts_of_one_invitation_give_one_membership(driver: SystemDriver) -> None:
    ada, bob = driver.new_user("ada"), driver.new_user("bob")
    org = ada.organization
    ada.api("POST", f"/organizations/{org}/invitations", json={"email": bob.email, "role": "viewer"})
    token = driver.mail(bob.email, "invit").link("/invitations/").rsplit("/", 1)[1]
    bearer = bob.token
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: call(driver, bearer, "POST", f"/invitations/{token}/accept"), range(50)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert any(answer.status_code == 200 for answer in answers)
    members = ada.api("GET", f"/organizations/{org}/members").json()["items"]
    assert sorted(m["email"] for m in members) == sorted([ada.email, bob.email])
    joined = [e for e in ada.api("GET", f"/organizations/{org}/audit").json()["items"] if "MemberJoined" in e["type"]]
    assert len(joined) == 1


def test_twenty_removals_at_once_leave_one_administrator(driver: SystemDriver) -> None:
    ada = driver.new_user("ada")
    org = ada.organization
    people = [ada, *(_joined(ada, org) for _ in range(3))]
    ids = [person.id for person in people]
    pairs = [(one.token, other) for one in people for other in [*ids, "me"]]
    with ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(lambda p: call(driver, p[0], "DELETE", f"/organizations/{org}/members/{p[1]}"), pairs[:20])
        )
    assert {a.status_code for a in answers} <= {204, 403, 404, 409, 503}
    assert "last-administrator" in {a.json().get("code") for a in answers if a.status_code == 409}
    left = [p for p in people if p.api("GET", f"/organizations/{org}").status_code == 200]
    assert len(left) == 1
    members = left[0].api("GET", f"/organizations/{org}/members").json()["items"]
    assert [m["role"] for m in members] == ["administrator"]


def _joined(ada: UserDriver, org: str) -> UserDriver:
    person = ada.driver.new_user("admin")
    body = {"email": person.email, "role": "administrator"}
    ada.api("POST", f"/organizations/{org}/invitations", json=body)
    token = ada.driver.mail(person.email, "invit").link("/invitations/").rsplit("/", 1)[1]
    assert person.api("POST", f"/invitations/{token}/accept").status_code == 200
    return person


def test_one_address_registered_at_once_has_one_account(driver: SystemDriver) -> None:
    email = address("many")
    spellings = [email, email.upper(), f" {email} ", email.capitalize()]
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(
            lambda i: driver.http.post("/api/v1/registrations", json={"email": spellings[i % 4]}), range(16)
        )
    assert {answer.status_code for answer in answers} == {202}
    person, tried = UserDriver(driver, email), set[str]()

    def signed_in() -> bool:
        """A mail is overtaken by the next, which may be on its way; each is tried once, as wrong ones are counted."""
        fresh = [mail for mail in driver.mails(email) if mail.id not in tried]
        tried.update(mail.id for mail in fresh)
        return any(person.sign_in(mail.one_time_password).url.path == "/password/new" for mail in reversed(fresh))

    wait_until(signed_in, 30, "a mailed password that is good")
    person.choose_password()
    assert len(person.api("GET", "/organizations").json()["items"]) == 1
