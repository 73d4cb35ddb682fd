"""Throttling of a program that repeats a wrong secret; others are unaffected."""

from identity.oauth.service import WRONG_CREDENTIALS
from identity.oauth.tests.provider import Provider


def test_a_repeated_wrong_secret_gets_retry_after(provider: Provider) -> None:
    client, other = provider.new_client(), provider.new_client()
    wrong = {**client, "client_secret": other["client_secret"]}
    for _ in range(WRONG_CREDENTIALS.most):
        assert provider.client_token(wrong).status_code == 401
    for each in (wrong, client):
        answer = provider.client_token(each)
        assert (answer.status_code, answer.json()["code"]) == (429, "limit-reached")
        assert int(answer.headers["retry-after"]) > 0
    assert provider.client_token(other).status_code == 200
    provider.clock.forward(WRONG_CREDENTIALS.each)
    assert provider.client_token(client).status_code == 200
