"""Rate limits of public requests for each network address."""

from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest

from identity.registration.service import OF_A_NETWORK
from identity.service import IdentityService
from identity.tests.container import settings
from identity.tests.running_service import RunningIdentity
from testing.servers import Databases


@pytest.fixture(scope="module")
def service(databases: Databases) -> Iterator[RunningIdentity]:
    with RunningIdentity(settings(databases.of(IdentityService))) as service:
        yield service


@pytest.mark.parametrize("path", ["/register", "/password/forgot", "/api/v1/registrations", "/api/v1/password-resets"])
def test_too_many_requests_of_a_network_are_answered_with_retry_after(service: RunningIdentity, path: str) -> None:
    for _ in range(OF_A_NETWORK.most):
        service.parts.limiter.try_hit(OF_A_NETWORK, "192.0.2.1")
    form = {"email": f"{uuid4().hex}@example.com"}

    def ask(network: str) -> httpx2.Response:
        browser = service.browser(network)
        answer: httpx2.Response = (
            browser.post(path, json=form) if path.startswith("/api") else browser.post(path, data=form)
        )
        return answer

    refused = ask("192.0.2.1")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "Try again in" in refused.text
    assert ask("192.0.2.2").status_code in (200, 202)
