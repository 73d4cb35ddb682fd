"""Identity in this process, called over HTTP; its worker runs, the bus is optional."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

import httpx2
from fastapi.testclient import TestClient

from identity.container import Container
from identity.oauth.tests.provider import VERIFIER, challenge
from identity.service import IdentityService
from identity.settings import Settings
from identity.tests.container import PASSWORD, QuickIdentity, quick_hashing
from identity.users.domain import User
from kit.db.database import Database
from kit.security.keys import MasterKey
from runtime.application import build
from testing.in_process import InProcess
from testing.waiting import wait_until


class RunningIdentity(InProcess):
    """`browser()` is somebody new; the inside of the service is `parts`."""

    def __init__(self, settings: Settings, service: type[IdentityService] = QuickIdentity) -> None:
        super().__init__(build(service, settings), settings.public_url)
        self.settings = settings
        self.database = Database(settings.postgres_dsn.get_secret_value())

    def __enter__(self) -> Self:
        self.database.open()
        self.parts = Container(
            self.settings,
            self.database,
            MasterKey(self.settings.master_key),
            lambda: datetime.now(UTC),
            quick_hashing(),
        )
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.database.close()

    def browser(self, network: str = "testclient") -> TestClient:
        """A client with cookies of its own at a network address, that follows no redirect."""
        return self.client(network)

    def user(self, email: str) -> User:
        """The user with this address, as soon as the worker has made it."""
        known = wait_until(lambda: self.parts.views.credentials(email), what=f"{email} as a user")
        assert known is not None
        return self.parts.store.find(User, known.user_id)

    def one_time_password(self, email: str) -> str:
        user = self.user(email)
        return self.parts.secrets.password(user.id, user.one_time_generation)

    def reset_path(self, email: str) -> str:
        """Where the link leads that was asked for last."""
        wait_until(lambda: self.user(email).reset_generation)
        user = self.user(email)
        return f"/password/reset/{self.parts.secrets.reset_token(user.id, user.reset_generation)}"

    def token(self, browser: TestClient) -> str:
        """An access token for who is signed in there, by way of tradehall-cli."""
        asked = {
            "response_type": "code",
            "client_id": "tradehall-cli",
            "redirect_uri": "http://127.0.0.1:5000/callback",
            "scope": "openid",
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        redirect = browser.get("/oauth2/authorize", params=asked).headers["location"]
        form = {
            "grant_type": "authorization_code",
            "client_id": "tradehall-cli",
            "redirect_uri": "http://127.0.0.1:5000/callback",
            "code": parse_qs(urlsplit(redirect).query)["code"][0],
            "code_verifier": VERIFIER,
        }
        token: str = browser.post("/oauth2/token", data=form).json()["access_token"]
        return token

    def caller(self, email: str) -> TestClient:
        """Somebody signed in, calling the API with a token."""
        browser = self.signed_in(email)
        caller = self.browser()
        caller.headers["Authorization"] = f"Bearer {self.token(browser)}"
        return caller

    def signed_in(self, email: str) -> TestClient:
        """The browser of somebody who registered, signed in and chose their password."""
        browser = self.browser()
        browser.post("/register", data={"email": email})
        browser.post("/login", data={"email": email, "password": self.one_time_password(email)})
        answer = browser.post("/password/new", data={"password": PASSWORD})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        return browser


def cookies_given(answer: httpx2.Response) -> dict[str, str]:
    """Name to the whole header of each cookie that an answer sets."""
    return {header.partition("=")[0]: header for header in answer.headers.get_list("set-cookie")}
