"""The operations API for operators, and its refusal for other users."""

from collections.abc import Iterator

import psycopg
import pytest

from testing.driver import SystemDriver, UserDriver, call
from testing.waiting import wait_until

SERVICES = ("identity", "organizations", "platforms", "notifications")


@pytest.fixture(scope="module")
def operator(driver: SystemDriver) -> UserDriver:
    person = driver.new_user("operator")
    driver.make_operator(person.email)
    return person


def operators_routes(driver: SystemDriver) -> Iterator[tuple[str, str]]:
    for path, item in driver.http.get("/openapi.json").json()["paths"].items():
        if path.startswith("/api/v1/operations/"):
            for method in item:
                yield method.upper(), path


def test_every_operator_route_refuses_other_users(driver: SystemDriver, operator: UserDriver) -> None:
    stranger = driver.new_user("curious")
    routes = list(operators_routes(driver))
    for method, template in routes:
        path = (
            template.removeprefix("/api/v1")
            .replace("{parked}", "1")
            .replace("{dead_letter}", "1")
            .replace("{user}", operator.id)
        )
        body = {"reason": "mine"} if method == "POST" else None
        refused = stranger.api(method, path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "operator-needed"), f"{method} {path}"
        assert call(driver, None, method, path, json=body).status_code == 401
    assert len(routes) == 9 * len(SERVICES) + 2


@pytest.mark.parametrize("service", SERVICES)
def test_an_operator_sees_the_status_of_a_service(driver: SystemDriver, operator: UserDriver, service: str) -> None:
    def caught_up() -> bool:
        shown = operator.api("GET", f"/operations/{service}").json()
        return shown["published"]["waiting"] == 0 and all(one["pending"] == 0 for one in shown["reading"])

    def counts_dead_letters() -> bool:  # which other tests may add and discard meanwhile
        shown = operator.api("GET", f"/operations/{service}").json()["parked"]
        with psycopg.connect(driver.info["postgres_dsn"][service]) as connection:
            return connection.execute("SELECT count(*) FROM parked").fetchone() == (shown,)

    wait_until(caught_up)
    wait_until(counts_dead_letters)
    shown = operator.api("GET", f"/operations/{service}").json()
    assert (shown["service"], shown["ready"], set(shown["health"].values())) == (service, True, {"ok"})
    assert shown["published"]["stream"] == service.upper()
    if service != "platforms":  # where nobody has added one yet
        assert shown["published"]["messages"] > 0
        assert shown["published"]["bytes"] > 0
        assert shown["published"]["position"] > 0


def test_an_operator_sees_the_mails_newest_first_and_no_address(driver: SystemDriver, operator: UserDriver) -> None:
    guest = driver.new_user("guest")
    first = operator.api("GET", "/operations/notifications/mails?limit=1").json()
    rest = operator.api("GET", f"/operations/notifications/mails?cursor={first['next_cursor']}").json()
    mails = [*first["items"], *rest["items"]]
    times = [each["requested_at"] for each in mails]
    assert times == sorted(times, reverse=True)
    (mine,) = [each for each in mails if each["user_id"] == guest.id and each["template"] == "registration"]
    assert (mine["state"], mine["attempts"], mine["reason"]) == ("sent", 1, None)
    assert guest.email not in str(mails)
    failed = operator.api("GET", "/operations/notifications/mails?state=failed").json()["items"]
    assert all(each["state"] == "failed" for each in failed)


@pytest.mark.parametrize("service", SERVICES)
def test_discarding_requires_a_reason_that_is_logged(driver: SystemDriver, operator: UserDriver, service: str) -> None:
    with psycopg.connect(driver.info["postgres_dsn"][service]) as connection:
        reads = operator.api("GET", f"/operations/{service}").json()["reading"][0]["durable"]
        row = connection.execute(
            "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
            "VALUES (%s, '/elsewhere', 'somebody', 9, 'x', 'no event', 'ValueError: no event', 3) RETURNING id",
            (reads,),
        ).fetchone()
    assert row is not None
    path = f"/operations/{service}/parked/{row[0]}"
    assert operator.api("POST", f"{path}/replay").json()["code"] == "replay-failed"
    assert operator.api("POST", f"{path}/discard", json={"reason": "made by hand"}).status_code == 204
    log = operator.api("GET", f"/operations/{service}/interventions").json()["items"]
    (noted,) = (entry for entry in log if entry["actor"] == operator.id)  # other operators may be at work, too
    assert (noted["action"], noted["reason"]) == ("discarded", "made by hand")
