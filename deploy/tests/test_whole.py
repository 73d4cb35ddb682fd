"""Everything that is built, started as `make run` does."""

import json
import re
import time
from pathlib import Path

import pytest

from deploy.local import Tradehall
from deploy.local.services import built_services
from deploy.tests.owners import service_of
from embedded import temporary_folder
from testing import plain_http
from testing.shared import Shared


@pytest.fixture
def whole(tradehall: Shared) -> tuple[Shared, Path]:
    return tradehall, tradehall.folder


def test_every_service_is_ready_behind_one_address(whole: tuple[Shared, Path]) -> None:
    url = whole[0].info["url"]
    assert plain_http.get(f"{url}/health").json() == {"status": "ok"}
    assert plain_http.get(f"{url}/.well-known/openid-configuration").json()["issuer"] == url
    assert set(whole[0].info["pids"]) == {"postgres", "nats", "caddy", *built_services()}
    assert set(whole[0].info["postgres_dsn"]) == set(built_services())


def test_every_documented_path_is_routed_to_its_service(
    whole: tuple[Shared, Path],
) -> None:
    ports = json.loads((whole[1] / "ports.json").read_text())
    documented = 0
    for service in built_services():
        paths = plain_http.get(f"http://127.0.0.1:{ports[service]}/openapi.json").json()["paths"]
        documented += len(paths)
        assert {path: service_of(re.sub(r"\{[^}]*\}", "x", path)) for path in paths} == dict.fromkeys(paths, service)
    served = plain_http.get(f"{whole[0].info['url']}/openapi.json").json()
    assert len(served["paths"]) == documented > 0


def test_the_committed_document_is_the_served_one(whole: tuple[Shared, Path]) -> None:
    kept = Path(__file__).parents[2] / "docs" / "openapi" / "openapi.json"
    served = json.loads(whole[0].openapi.read_text())
    assert json.loads(kept.read_text()) == served, "run `make schemas` and look at what changed"


def test_the_gateway_serves_the_api_documentation(whole: tuple[Shared, Path]) -> None:
    url = whole[0].info["url"]
    page = plain_http.get(f"{url}/docs", follow_redirects=True)
    assert "swagger-initializer.js" in page.text
    assert "/openapi.json" in plain_http.get(f"{url}/docs/swagger-initializer.js").text
    assert plain_http.get(f"{url}/docs/swagger-ui-bundle.js").status_code == 200


def test_the_system_starts_and_stops_quickly() -> None:
    with temporary_folder() as folder:
        Tradehall(folder / "var").start().stop()
        tradehall = Tradehall(folder / "var")
        began = time.monotonic()
        tradehall.start()
        ready = time.monotonic()
        tradehall.stop()
        assert ready - began < 20
        assert time.monotonic() - ready < 10
