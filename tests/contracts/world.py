"""A broker as the examples of the OpenAPI document describe it, in a running system."""

import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import psycopg

from testing.driver import SystemDriver, UserDriver, address, client_token
from tests.contracts import example_values

_SCOPES = ["platforms:read", "accounts:read", "events:read"]


class World:
    """Ada, operator and administrator, with something of every kind in her organization, and whom she has invited."""

    def __init__(self, driver: SystemDriver) -> None:
        self.driver = driver
        self._numbers = count(1)
        self.ada = driver.new_user("ada")
        driver.make_operator(self.ada.email)
        self.organization = self.ada.organization
        self.base = f"/organizations/{self.organization}"
        self.client = self.made(f"{self.base}/clients", name="Risk monitor", scopes=_SCOPES)
        self.platform = self.made(f"{self.base}/platforms", name="MT5", kind="mt5", api="mt5-webapi")["id"]
        self.place = driver.info["demo"]["mt5-webapi"]
        path = f"{self.base}/platforms/{self.platform}/api-credentials"
        assert self.ada.api("PUT", path, json=self.place).status_code == 200

    def made(self, path: str, **body: Any) -> Any:
        answer = self.ada.api("POST", path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    @property
    def token(self) -> str:
        """Of the client, a new one."""
        answer = client_token(self.driver, self.client["client_id"], self.client["client_secret"])
        return str(answer.json()["access_token"])

    def login(self) -> int:
        accounts = self.ada.api("GET", f"{self.base}/platforms/{self.platform}/accounts", params={"limit": 1}).json()
        return int(accounts["items"][0]["login"])

    def invite(self) -> tuple[str, UserDriver, str]:
        """An invitation's id, the invited person, and the token of the link."""
        guest = self.driver.new_user("guest")
        made = self.made(f"{self.base}/invitations", email=guest.email, role="viewer")
        link = self.driver.mail(guest.email, "invit").link("/invitations/")
        return made["id"], guest, link.rpartition("/")[2]

    def member(self) -> str:
        """The id of somebody who accepted an invitation."""
        _, guest, token = self.invite()
        assert guest.api("POST", f"/invitations/{token}/accept").status_code == 200
        return guest.id

    def session(self) -> str:
        """The id of another session of Ada's."""
        UserDriver(self.driver, self.ada.email, self.ada.password).sign_in()
        sessions = self.ada.api("GET", "/me/sessions").json()["items"]
        return str(next(each["id"] for each in sessions if not each["current"]))

    def park(self, service: str) -> int:
        """The id of a dead letter that succeeds when it is replayed."""
        durable = self.ada.api("GET", f"/operations/{service}").json()["reading"][0]["durable"]
        read, number = durable.split("-")[1], next(self._numbers)
        event = {
            "id": f"{read}-test-{number}",
            "source": f"/{read}/test",
            "type": f"tradehall.{read}.NeverHeardOf.v1",
            "subject": f"somebody-{number}",
            "time": example_values.NOW,
            "dataschema": "urn:none",
            "sequence": number,
            "version": 1,
            "data": {},
        }
        row = (durable, event["source"], event["subject"], number, event["type"], json.dumps(event).encode())
        with psycopg.connect(self.driver.info["postgres_dsn"][service]) as connection:
            found = connection.execute(
                "INSERT INTO parked (durable, source, subject, sequence, type, payload, error, attempts) "
                "VALUES (%s, %s, %s, %s, %s, %s, 'made by hand', 3) RETURNING id",
                row,
            ).fetchone()
        assert found is not None
        return int(found[0])

    def values(self) -> Mapping[Any, Any]:
        """The real value of each invented one; where it is used up by a request, what makes another."""
        changing: dict[Any, Callable[[], Any]] = {
            example_values.TOKEN: lambda: self.token,
            example_values.SESSION: self.session,
        }
        return {
            **changing,
            example_values.ORGANIZATION: self.organization,
            example_values.PLATFORM: self.platform,
            example_values.LOGIN: self.login(),
            example_values.HOST: self.place["host"],
            example_values.PORT: self.place["port"],
            example_values.MANAGER: self.place["login"],
            example_values.MANAGERS_PASSWORD: self.place["password"],
            example_values.MEMBER: self.member(),
            example_values.CLIENT: self.client["id"],
            example_values.CLIENT_ID: self.client["client_id"],
            example_values.CLIENT_SECRET: self.client["client_secret"],
            example_values.SECRET: self.client["secrets"][0]["id"],
            example_values.INVITATION: self.invite()[0],
            example_values.PASSWORD: self.ada.password,
            example_values.INVITED: address("grace"),
        }
