"""A driver of a running Tradehall: users and programs that use only HTTP and the mailbox."""

import base64
import hashlib
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import psycopg

from testing import plain_http
from testing.waiting import wait_until

CALLBACK = "http://127.0.0.1:53682/callback"
CLI = "tradehall-cli"
_MAILS_AT_ONCE = 20


@dataclass(frozen=True)
class Mail:
    """A mail as the mailbox shows it."""

    id: str
    subject: str
    text: str
    html: str

    def link(self, part: str) -> str:
        """The first address in the text that holds `part`."""
        found = re.search(rf"https?://\S*{re.escape(part)}\S*", self.text)
        assert found, f"no link with {part!r} in the mail {self.subject!r}"
        return found.group().rstrip(".")

    @property
    def one_time_password(self) -> str:
        """The generated password: the line of the text that holds nothing else and looks like one."""
        found = re.search(r"^\s*([a-z0-9]{4}(?:-[a-z0-9]{4}){3,})\s*$", self.text, re.MULTILINE)
        assert found, f"no generated password in the mail {self.subject!r}:\n{self.text}"
        return found.group(1)


class SystemDriver:
    """A running Tradehall, by its addresses."""

    def __init__(self, info: dict[str, Any]) -> None:
        self.info = info
        self.url: str = info["url"]
        # The issuer is http://localhost:PORT to the letter; 127.0.0.1 spares a lookup and an attempt at ::1.
        self.http = plain_http.client(base_url=self.url, timeout=15)
        self._box = plain_http.client(base_url=info["mailbox_url"], timeout=15)
        self._mails: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        self.http.close()
        self._box.close()

    def mailbox(self, path: str, **params: Any) -> Any:
        """The mailbox's answer to a GET."""
        return self._box.get(path, params=params).json()

    def mails(self, address: str) -> list[Mail]:
        """All mails to an address, oldest first."""
        return [self._mail(each) for each in self._mails_to(address)]

    def mail(self, address: str, subject: str = "", *, number: int = 1, timeout: float = 15) -> Mail:
        """The number-th mail to an address whose subject holds a text, once it is there."""

        def found() -> list[dict[str, Any]]:
            try:
                mails = self._mails_to(address)
            except httpx2.TransportError:  # the mailbox itself may be away
                return []
            return [m for m in mails if subject.lower() in m["Subject"].lower()][number - 1 : number]

        [summary] = wait_until(found, timeout, f"mail {number} to {address} about {subject!r}")
        return self._mail(summary)

    def _mails_to(self, address: str) -> list[dict[str, Any]]:
        """Summaries, oldest first."""
        self._read_mailbox()
        return [m for m in self._mails.values() if any(to["Address"].lower() == address.lower() for to in m["To"])]

    def _read_mailbox(self) -> None:
        """Read what has arrived since, from the newest on: lists of all mails would be long, and asked for often."""
        new: dict[str, dict[str, Any]] = {}
        while True:
            listed = self.mailbox("/api/v1/messages", start=len(new), limit=_MAILS_AT_ONCE)["messages"]
            unknown = [m for m in listed if m["ID"] not in self._mails]
            new |= {m["ID"]: m for m in unknown}
            if len(unknown) < _MAILS_AT_ONCE:
                break
        for each in reversed(new.values()):
            self._mails.setdefault(each["ID"], each)

    def _mail(self, summary: dict[str, Any]) -> Mail:
        body = self.mailbox(f"/api/v1/message/{summary['ID']}")
        return Mail(summary["ID"], summary["Subject"], body["Text"], body["HTML"])

    def make_operator(self, email: str) -> None:
        """Make the user with this address an operator, in the database."""
        with psycopg.connect(self.info["postgres_dsn"]["identity"]) as connection:
            connection.execute(
                "INSERT INTO operators (user_id) SELECT id FROM people WHERE email = %s ON CONFLICT DO NOTHING",
                (email,),
            )

    def new_user(self, name: str = "person") -> "UserDriver":
        """Register a user, sign in and choose a password."""
        return UserDriver(self, address(name)).register().first_sign_in()


def address(name: str = "person") -> str:
    """A fresh e-mail address."""
    return f"{name}-{secrets.token_hex(4)}@broker.example"


@dataclass
class UserDriver:
    """A user with a browser (cookies) and, after sign-in, an access token."""

    driver: SystemDriver
    email: str
    password: str = field(default_factory=lambda: f"{secrets.token_urlsafe(12)} own")

    def __post_init__(self) -> None:
        self.browser = plain_http.client(base_url=self.driver.url, timeout=15, follow_redirects=True)
        self._tokens: dict[str, Any] = {}
        self._until = 0.0

    def register(self) -> "UserDriver":
        answer = self.browser.post("/register", data={"email": self.email})
        assert answer.status_code == 200, answer.text
        return self

    def first_sign_in(self) -> "UserDriver":
        """Sign in with the mailed password, and choose an own one."""
        mailed = self.driver.mail(self.email).one_time_password
        page = self.sign_in(mailed)
        assert page.url.path == "/password/new", page.text
        return self.choose_password()

    def sign_in(self, password: str | None = None) -> httpx2.Response:
        form = {"email": self.email, "password": password or self.password}
        return self.browser.post("/login", data=form)

    def choose_password(self) -> "UserDriver":
        answer = self.browser.post("/password/new", data={"password": self.password})
        assert answer.status_code == 200, answer.text
        assert answer.url.path != "/password/new", answer.text
        return self

    def code(self, verifier: str, scope: str = "openid profile email offline_access", **extra: str) -> str:
        """An authorization code for tradehall-cli, by the signed-in browser."""
        answer = self.browser.get(
            "/oauth2/authorize", params=authorization(verifier, scope, **extra), follow_redirects=False
        )
        assert answer.status_code in (302, 303), answer.text
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert "code" in query, answer.headers["location"]
        return query["code"][0]

    def fetch_tokens(self) -> dict[str, Any]:
        """A fresh token answer by authorization code and PKCE."""
        verifier = secrets.token_urlsafe(48)
        form = {
            "grant_type": "authorization_code",
            "code": self.code(verifier),
            "redirect_uri": CALLBACK,
            "client_id": CLI,
            "code_verifier": verifier,
        }
        answer = self.driver.http.post("/oauth2/token", data=form)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    @property
    def token(self) -> str:
        if time.time() > self._until:
            self._tokens = self.fetch_tokens()
            self._until = time.time() + self._tokens["expires_in"] - 60
        return str(self._tokens["access_token"])

    def api(self, method: str, path: str, **rest: Any) -> httpx2.Response:
        """A call of the JSON interface with this person's token."""
        return call(self.driver, self.token, method, path, **rest)

    @property
    def id(self) -> str:
        return str(self.api("GET", "/me").json()["id"])

    @property
    def organization(self) -> str:
        """The id of the first organization."""
        return str(self.api("GET", "/organizations").json()["items"][0]["id"])


def authorization(verifier: str, scope: str, **extra: str) -> dict[str, str]:
    """The query of an authorization request of tradehall-cli."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return {
        "response_type": "code",
        "client_id": CLI,
        "redirect_uri": CALLBACK,
        "scope": scope,
        "state": "state-1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    } | extra


def call(driver: SystemDriver, token: str | None, method: str, path: str, **rest: Any) -> httpx2.Response:
    """`/api/v1` + path, with a bearer token."""
    headers = dict(rest.pop("headers", {}))
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return driver.http.request(method, f"/api/v1{path}", headers=headers, **rest)


def client_token(driver: SystemDriver, client_id: str, secret: str, scope: str | None = None) -> httpx2.Response:
    """A client credentials grant with HTTP basic."""
    form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    return driver.http.post("/oauth2/token", data=form, auth=(client_id, secret))
