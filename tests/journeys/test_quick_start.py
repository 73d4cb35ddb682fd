"""The quick start of the README."""

from testing.driver import SystemDriver, UserDriver, address, call, client_token


def test_a_new_address_gets_a_clients_token(driver: SystemDriver) -> None:
    ada = UserDriver(driver, address("ada")).register()
    mailed = driver.mail(ada.email).one_time_password
    assert ada.sign_in(mailed).url.path == "/password/new"
    ada.choose_password()
    assert "/login" in str(UserDriver(driver, ada.email).sign_in(mailed).url), "the mailed password works once"

    me = ada.api("GET", "/me").json()
    assert me["email"] == ada.email
    mine = ada.api("GET", "/organizations").json()["items"]
    assert [(o["name"], o["role"]) for o in mine] == [("My organization", "administrator")]
    org = mine[0]["id"]

    assert ada.api("PATCH", f"/organizations/{org}", json={"name": "Ada's brokerage"}).status_code == 200
    second = ada.api("POST", "/organizations", json={"name": "Second"})
    assert second.status_code == 201
    assert second.headers["location"].endswith(second.json()["id"])
    assert {o["name"] for o in ada.api("GET", "/organizations").json()["items"]} == {"Ada's brokerage", "Second"}

    scopes = ["platforms:read", "audit:read"]
    created = ada.api("POST", f"/organizations/{org}/clients", json={"name": "Back office", "scopes": scopes})
    assert created.status_code == 201
    client = created.json()
    assert client["client_id"].startswith("thc_")
    shown_again = ada.api("GET", f"/organizations/{org}/clients/{client['id']}").json()
    assert "client_secret" not in shown_again
    assert client["client_secret"] not in str(shown_again)

    answer = client_token(driver, client["client_id"], client["client_secret"])
    assert answer.status_code == 200
    token = answer.json()
    assert token["token_type"].lower() == "bearer"
    assert token["expires_in"] == 3600
    listed = call(driver, token["access_token"], "GET", "/organizations").json()["items"]
    assert [(o["id"], o["name"]) for o in listed] == [(org, "Ada's brokerage")]


def test_an_invited_address_without_an_account_joins_by_choosing_a_password(driver: SystemDriver) -> None:
    ada = driver.new_user("ada")
    org = ada.organization
    eve = UserDriver(driver, address("eve"))
    invited = ada.api("POST", f"/organizations/{org}/invitations", json={"email": eve.email, "role": "viewer"})
    assert invited.status_code == 201
    link = driver.mail(eve.email).link("/invitations/")
    assert eve.browser.get(link).status_code == 200
    joined = eve.browser.post(link, data={"password": eve.password})
    assert joined.status_code == 200, joined.text

    roles = {o["name"]: o["role"] for o in eve.api("GET", "/organizations").json()["items"]}
    assert roles["My organization"] in ("administrator", "viewer")
    members = ada.api("GET", f"/organizations/{org}/members").json()["items"]
    assert {m["email"]: m["role"] for m in members} == {ada.email: "administrator", eve.email: "viewer"}
    assert not [m for m in driver.mails(eve.email) if "password" in m.subject.lower()], "no second mail"
    assert len(eve.api("GET", "/organizations").json()["items"]) == 2, "their own organization too"


def test_an_invited_user_signs_in_and_accepts(driver: SystemDriver) -> None:
    ada, bob = driver.new_user("ada"), driver.new_user("bob")
    org = ada.organization
    body = {"email": bob.email, "role": "manager", "permissions": ["audit:read"]}
    assert ada.api("POST", f"/organizations/{org}/invitations", json=body).status_code == 201
    token = driver.mail(bob.email, "invit").link("/invitations/").rsplit("/", 1)[1]
    shown = call(driver, None, "GET", f"/invitations/{token}").json()
    assert (shown["email"], shown["status"]) == (bob.email, "pending")
    assert driver.new_user("eve").api("POST", f"/invitations/{token}/accept").json()["code"] == (
        "invitation-for-another-address"
    )
    first = bob.api("POST", f"/invitations/{token}/accept")
    assert first.status_code == 200
    assert bob.api("POST", f"/invitations/{token}/accept").status_code == 200
    assert "audit:read" in first.json()["permissions"]
    assert bob.api("GET", f"/organizations/{org}/members").status_code == 200
    assert bob.api("POST", f"/organizations/{org}/invitations", json=body).json()["code"] == "permission-missing"


def test_revoked_permissions_and_sessions_are_refused_everywhere(driver: SystemDriver) -> None:
    from testing.waiting import wait_until

    ada, bob = driver.new_user("ada"), driver.new_user("bob")
    org = ada.organization
    ada.api("POST", f"/organizations/{org}/invitations", json={"email": bob.email, "role": "manager"})
    token = driver.mail(bob.email, "invit").link("/invitations/").rsplit("/", 1)[1]
    bob.api("POST", f"/invitations/{token}/accept")
    clients = f"/organizations/{org}/clients"
    assert bob.api("GET", clients).status_code == 200, "a granted right works at once in another service"
    assert ada.api("DELETE", f"/organizations/{org}/members/{bob.id}").status_code == 204
    wait_until(lambda: bob.api("GET", clients).status_code == 404, 2, "the withdrawn right to stop")
    bearer = bob.token
    bob.browser.post("/logout")
    wait_until(lambda: call(driver, bearer, "GET", "/organizations").status_code == 401, 2, "the token to end")


def test_a_password_reset_revokes_sessions(driver: SystemDriver) -> None:
    ada = driver.new_user("ada")
    old = ada.password
    page = UserDriver(driver, ada.email).browser.post("/password/forgot", data={"email": ada.email})
    assert page.status_code == 200
    link = driver.mail(ada.email, "new password").link("/password/reset/")
    assert UserDriver(driver, ada.email, old).sign_in().url.path != "/login", "the old one works until then"
    ada.password = "a wholly different one 7"
    done = ada.browser.post(link, data={"password": ada.password})
    assert done.status_code == 200
    assert UserDriver(driver, ada.email, old).sign_in().url.path == "/login"
    assert UserDriver(driver, ada.email, ada.password).sign_in().url.path != "/login"
    assert driver.mail(ada.email, "changed")
    again = ada.browser.post(link, data={"password": "and again another 8"})
    assert again.status_code in (404, 410), "a link works once"
