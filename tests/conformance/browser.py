"""The browser's part in a flow: cookies, redirects and forms, up to where it leaves Tradehall."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2

from testing import plain_http
from testing.driver import SystemDriver, UserDriver


@dataclass(frozen=True)
class Form:
    """A form of a page: where it goes, and the fields it comes with."""

    action: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Page:
    """A page of Tradehall for the person."""

    url: str
    status: int
    text: str
    form: Form | None

    @property
    def asks_to_sign_in(self) -> bool:
        return urlsplit(self.url).path == "/login" and self.form is not None


@dataclass(frozen=True)
class Arrival:
    """The browser has come to a program: by which method, where, and with which parameters."""

    method: str
    url: str
    parameters: dict[str, str]

    @property
    def address(self) -> str:
        return self.url.partition("?")[0]


@dataclass
class Browser:
    """One browser of one person."""

    driver: SystemDriver
    person: UserDriver
    http: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = plain_http.client(timeout=15, follow_redirects=False)

    def open(self, url: str) -> Page | Arrival:
        """Where an address leads."""
        return self._follow(self.http.build_request("GET", url))

    def post(self, url: str, fields: dict[str, str]) -> Page | Arrival:
        """Where a form of another site leads, with which our cookie does not come (SameSite=Lax)."""
        return self._follow(httpx2.Request("POST", url, data=fields))

    def submit(self, page: Page, **typed: str) -> Page | Arrival:
        """Where the page's own form leads."""
        assert page.form is not None, page.text
        target = urljoin(page.url, page.form.action)
        return self._follow(self.http.build_request("POST", target, data=page.form.fields | typed))

    def sign_in(self, page: Page | Arrival) -> Page | Arrival:
        """Where the sign-in page leads."""
        assert isinstance(page, Page), page
        assert page.asks_to_sign_in, page.text
        return self.submit(page, email=self.person.email, password=self.person.password)

    def arrive(self, url: str) -> Arrival:
        """At the program, by way of the sign-in page where that is shown."""
        came = self.open(url)
        if isinstance(came, Page):
            came = self.sign_in(came)
        assert isinstance(came, Arrival), came
        return came

    def _follow(self, request: httpx2.Request) -> Page | Arrival:
        while True:
            answer = self.http.send(request)
            if answer.next_request is None:
                return self._shown(answer)
            request = answer.next_request
            if not self._is_ours(str(request.url)):
                return Arrival(request.method, str(request.url), dict(parse_qsl(request.url.query.decode())))

    def _shown(self, answer: httpx2.Response) -> Page | Arrival:
        url, form = str(answer.url), _form_of(answer.text)
        if form is not None and not self._is_ours(urljoin(url, form.action)):
            # Posted by the page's script, or by the person where scripts are off.
            return Arrival("POST", form.action, form.fields)
        return Page(url, answer.status_code, answer.text, form)

    def _is_ours(self, url: str) -> bool:
        return url.startswith(f"{self.driver.url}/")


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), {}))
        elif tag == "input" and self.found and "name" in given:
            self.found[-1].fields[given["name"]] = given.get("value", "")


def _form_of(text: str) -> Form | None:
    forms = _Forms()
    forms.feed(text)
    return forms.found[0] if forms.found else None
