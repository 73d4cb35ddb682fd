"""The authorization endpoint: refusals, error redirects, and required pages."""

import base64
import re
from datetime import timedelta
from hashlib import sha256
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from identity.oauth.known_clients import is_loopback_callback
from identity.oauth.tests.provider import CLI_CALLBACK, ISSUER, Provider, UserAccount, challenge, redirected
from identity.pages.forms import login_hint


@pytest.fixture(scope="module")
def ada(provider_of_module: Provider) -> UserAccount:
    return provider_of_module.person()


def test_a_code_is_returned_with_state_and_issuer(provider: Provider, ada: UserAccount) -> None:
    answer = provider.authorize(ada.cookie)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{CLI_CALLBACK}?")
    assert set(redirected(answer)) == {"code", "state", "iss"}
    assert redirected(answer)["state"] == "the state"
    assert redirected(answer)["iss"] == ISSUER


def test_the_parameters_may_be_posted(provider: Provider, ada: UserAccount) -> None:
    form = {
        "response_type": "code",
        "client_id": "tradehall-cli",
        "redirect_uri": CLI_CALLBACK,
        "code_challenge": challenge("x" * 43),
        "code_challenge_method": "S256",
    }
    answer = provider.http.post("/oauth2/authorize", data=form, headers={"Cookie": f"tradehall={ada.cookie}"})

    assert set(redirected(answer)) == {"code", "iss"}


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:65535/callback",
        "http://127.0.0.1/callback",
        "http://[::1]:8400/callback",
    ],
)
def test_a_loopback_redirect_may_use_any_port(provider: Provider, ada: UserAccount, uri: str) -> None:
    assert provider.authorize(ada.cookie, redirect_uri=uri).headers["location"].startswith(f"{uri}?code=")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"client_id": "thc_0000000000000000"},
        {"client_id": "\x00"},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1:99999/callback"},
        {"redirect_uri": "http://127.0.0.1:0/callback"},
        {"redirect_uri": "http://127.0.0.1:80@evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/callback"},
        {"redirect_uri": "http://localhost:1234/callback"},
        {"redirect_uri": "https://127.0.0.1:1234/callback"},
        {"redirect_uri": "http://127.0.0.1:1234/callback/"},
        {"redirect_uri": "http://127.0.0.1:1234/callback?x=1"},
        {"redirect_uri": "http://127.0.0.1:1234/callback#x"},
        {"redirect_uri": "http://127.0.0.1:1234/callback\n"},
        {"redirect_uri": "http://127.0.0.1:\u0661/callback"},
        {"client_id": "tradehall-portal"},
        {"client_id": "tradehall-portal", "redirect_uri": f"{ISSUER}/portal/callback/../x"},
    ],
)
def test_an_unregistered_redirect_uri_is_refused(
    provider: Provider, ada: UserAccount, changes: dict[str, str | None]
) -> None:
    answer = provider.authorize(ada.cookie, **changes)

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.json()["error"] == "invalid_request"


def test_an_error_without_a_valid_client_is_a_page(provider: Provider) -> None:
    answer = provider.http.get("/oauth2/authorize", headers={"Accept": "text/html"})

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": 'code"\\€'}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "openid platforms:read"}, "invalid_scope"),
        ({"scope": 'openid "'}, "invalid_scope"),
        ({"scope": "openid\nemail"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "x" * 44}, "invalid_request"),
        ({"nonce": "n" * 3000}, "invalid_request"),
        ({"nonce": "a\x00b"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1" * 30}, "invalid_request"),
        ({"request": "x.y.z"}, "request_not_supported"),
        ({"request_uri": "https://evil.example"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
    ],
)
def test_an_invalid_request_is_reported_to_the_client(
    provider: Provider, ada: UserAccount, changes: dict[str, str | None], error: str
) -> None:
    answer = provider.authorize(ada.cookie, **changes)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{CLI_CALLBACK}?")
    told = redirected(answer)
    assert (told["error"], told["state"], told["iss"]) == (error, "the state", ISSUER)
    assert "code" not in told


@pytest.mark.parametrize("name", ["scope", "state", "nonce", "code_challenge", "response_type", "anything"])
def test_a_parameter_that_is_given_twice_is_refused(provider: Provider, ada: UserAccount, name: str) -> None:
    pairs = parse_qs(urlsplit(str(provider.authorize(ada.cookie).request.url)).query)
    query = [(key, value) for key, values in pairs.items() for value in values if key != name]
    cookie = {"Cookie": f"tradehall={ada.cookie}"}

    answer = provider.http.get("/oauth2/authorize", params=[*query, (name, "a"), (name, "b")], headers=cookie)

    assert redirected(answer)["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_repeated_client_ids_or_redirect_uris_are_not_redirected(provider: Provider, name: str) -> None:
    query = (("client_id", "tradehall-cli"), ("redirect_uri", CLI_CALLBACK), (name, "x"))

    answer = provider.http.get("/oauth2/authorize", params=query)

    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_query_that_is_not_utf_8_is_refused(provider: Provider) -> None:
    assert provider.http.get("/oauth2/authorize?client_id=%ff").status_code == 400


def next_of(location: str, page: str) -> dict[str, str]:
    """The parameters of the request that a page of ours leads back to."""
    path, _, encoded = location.partition("?next=")
    assert path == page
    back = urlsplit(unquote(encoded))
    assert back.path == "/oauth2/authorize"
    return {name: values[0] for name, values in parse_qs(back.query).items()}


def test_a_signed_out_user_signs_in_and_returns_to_the_request(provider: Provider) -> None:
    answer = provider.authorize(None, state="a & b=c", nonce="n")

    back = next_of(answer.headers["location"], "/login")
    assert (back["state"], back["nonce"], back["client_id"]) == ("a & b=c", "n", "tradehall-cli")


def test_an_expired_cookie_requires_a_sign_in(provider: Provider) -> None:
    assert provider.authorize("ths_unknown").headers["location"].startswith("/login?next=")


def test_a_pending_password_choice_comes_first(provider: Provider) -> None:
    email = "new@example.com"
    provider.parts.registered(email)
    _, cookie = provider.parts.sign_in.with_password(email, provider.parts.one_time_password(email), None, None)

    assert next_of(provider.authorize(cookie).headers["location"], "/password/new")["state"] == "the state"
    assert redirected(provider.authorize(cookie, prompt="none"))["error"] == "interaction_required"


def test_prompt_none_shows_no_page(provider: Provider, ada: UserAccount) -> None:
    assert redirected(provider.authorize(None, prompt="none"))["error"] == "login_required"
    assert "code" in redirected(provider.authorize(ada.cookie, prompt="none"))


@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "60"}])
def test_a_new_sign_in_is_required_once(provider: Provider, asked: dict[str, str]) -> None:
    person = provider.person()
    provider.clock.forward(timedelta(minutes=2))

    back = next_of(provider.authorize(person.cookie, **asked).headers["location"], "/login")
    assert provider.authorize(person.cookie, **back).headers["location"].startswith("/login?")
    provider.clock.forward(timedelta(seconds=1))
    email = provider.parts.users.find(person.id).email
    assert email is not None
    _, renewed = provider.parts.sign_in.with_password(email, "a long walk on a Sunday", None, None)

    assert "code" in redirected(provider.authorize(renewed, **back))


def test_max_age_counts_from_the_sign_in(provider: Provider) -> None:
    person = provider.person()
    provider.clock.forward(timedelta(seconds=50))

    assert "code" in redirected(provider.authorize(person.cookie, max_age="60"))
    assert redirected(provider.authorize(person.cookie, max_age="40", prompt="none"))["error"] == "login_required"


def test_sign_in_pages_may_lead_to_registered_addresses_only(provider: Provider) -> None:
    may = provider.server.may_redirect

    assert may("tradehall-cli", CLI_CALLBACK)
    assert may("tradehall-portal", f"{ISSUER}/portal/callback")
    assert not may("tradehall-cli", "https://evil.example/callback")
    assert not may("nobody", CLI_CALLBACK)
    assert not is_loopback_callback("http://127.0.0.1:8080/callback\n")


def test_form_post_returns_the_answer_in_a_form(provider: Provider, ada: UserAccount) -> None:
    page = provider.authorize(ada.cookie, response_mode="form_post", state='"><x>')

    assert page.status_code == 200
    assert f'<form method="post" action="{CLI_CALLBACK}">' in page.text
    fields = dict(re.findall(r'name="([^"]*)" value="([^"]*)"', page.text))
    assert set(fields) == {"code", "state", "iss"}
    assert (unescape(fields["state"]), fields["iss"]) == ('"><x>', ISSUER)
    assert "<x>" not in page.text
    script = re.search("<script>(.*)</script>", page.text)
    assert script is not None
    digest = base64.b64encode(sha256(script[1].encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}'")
    assert provider.redeem(fields["code"]).status_code == 200


def test_form_post_returns_errors_and_redirects_to_our_pages(provider: Provider, ada: UserAccount) -> None:
    page = provider.authorize(ada.cookie, response_mode="form_post", scope="no-such-scope")
    assert 'name="error" value="invalid_scope"' in page.text
    assert 'name="iss"' in page.text
    assert provider.authorize(None, response_mode="form_post").headers["location"].startswith("/login?next=")
    refused = provider.authorize(ada.cookie, response_mode="form_post", redirect_uri="https://evil.example/callback")
    assert refused.status_code == 400


def test_response_mode_query_is_the_default(provider: Provider, ada: UserAccount) -> None:
    assert set(redirected(provider.authorize(ada.cookie, response_mode="query"))) == {"code", "state", "iss"}


@pytest.mark.parametrize("ignored", [{"claims": '{"id_token": {}}'}, {"display": "popup"}, {"ui_locales": "de"}])
def test_unsupported_optional_parameters_are_ignored(
    provider: Provider, ada: UserAccount, ignored: dict[str, str]
) -> None:
    assert "code" in redirected(provider.authorize(ada.cookie, **ignored))


@pytest.mark.parametrize("prompt", ["consent", "login consent"])
def test_first_party_clients_need_no_consent(provider: Provider, ada: UserAccount, prompt: str) -> None:
    answer = provider.authorize(ada.cookie, prompt=prompt)
    if prompt == "consent":
        assert "code" in redirected(answer)
    else:
        assert answer.headers["location"].startswith("/login?")


def test_a_hint_of_the_signed_in_user_is_answered_immediately(provider: Provider, ada: UserAccount) -> None:
    hint = provider.code_flow(ada.cookie)["id_token"]
    assert "code" in redirected(provider.authorize(ada.cookie, id_token_hint=hint, prompt="none"))


def test_a_hint_of_another_user_requires_a_sign_in(provider: Provider, ada: UserAccount) -> None:
    bob = provider.person()
    hint = provider.code_flow(bob.cookie)["id_token"]

    none = redirected(provider.authorize(ada.cookie, id_token_hint=hint, prompt="none"))
    assert (none["error"], none["iss"]) == ("login_required", ISSUER)
    back = next_of(provider.authorize(ada.cookie, id_token_hint=hint).headers["location"], "/login")
    assert redirected(provider.authorize(bob.cookie, **back)).get("code")
    again = provider.person()
    assert redirected(provider.authorize(again.cookie, **back))["error"] == "login_required"


@pytest.mark.parametrize("client", ["tradehall-cli", "tradehall-portal"])
def test_a_hint_must_be_an_id_token_of_the_client(provider: Provider, ada: UserAccount, client: str) -> None:
    tokens = provider.code_flow(ada.cookie)
    hint = tokens["access_token"] if client == "tradehall-cli" else tokens["id_token"]
    callback = CLI_CALLBACK if client == "tradehall-cli" else f"{ISSUER}/portal/callback"
    told = redirected(provider.authorize(ada.cookie, client_id=client, redirect_uri=callback, id_token_hint=hint))
    assert told["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("given", "shown"),
    [("ada@example.com", "ada@example.com"), ("a\x07b", ""), ("x" * 300, ""), (None, "")],
)
def test_the_sign_in_page_is_filled_in_with_the_login_hint(provider: Provider, given: str | None, shown: str) -> None:
    location = provider.authorize(None, login_hint=given).headers["location"]
    if given is not None and "\x07" in given:
        assert redirected(provider.authorize(None, login_hint=given))["error"] == "invalid_request"
        return
    assert login_hint(unquote(location.partition("?next=")[2])) == shown
