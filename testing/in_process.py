"""An application in this process, called without a socket."""

from types import TracebackType
from typing import Self

from fastapi import FastAPI
from fastapi.testclient import TestClient


class InProcess:
    """Its background work runs between `with` and its end. Clients follow no redirect and have cookies of their own."""

    def __init__(self, app: FastAPI, public_url: str) -> None:
        self.app = app
        self.public_url = public_url
        self._host = self._client("testclient")

    def __enter__(self) -> Self:
        self._host.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._host.__exit__(kind, error, trace)

    def client(self, network: str = "testclient") -> TestClient:
        """A new client, at a network address."""
        client = self._client(network)
        client.portal = self._host.portal
        return client

    def _client(self, network: str) -> TestClient:
        return TestClient(self.app, base_url=self.public_url, follow_redirects=False, client=(network, 50000))
