"""A user who registers and signs in, and retries after lost answers."""

from testing.driver import Mail, SystemDriver, UserDriver, address
from tests.faults.ledger import Ledger
from tests.faults.retrying import RetryingClient, must_not_refuse

_FOR_A_MAIL = 6.0  # seconds that a person waits before sending an address in again


class RegisteringUser(RetryingClient):
    """A person with a fresh address."""

    def __init__(self, driver: SystemDriver, ledger: Ledger) -> None:
        super().__init__(UserDriver(driver, address("actor")))
        self._hall = driver
        self._ledger = ledger
        self._spent: set[str] = set()
        self._asked_for_link = False

    def _register(self) -> None:
        self._until(self._registered, _FOR_A_MAIL)

    def _sign_in(self) -> None:
        self._until(self._signed_in)

    def _registered(self) -> bool:
        """Sends the address in again only when no mail has come: there are three an hour."""
        return bool(self._mails()) or self._sent_in("registrations")

    def _sent_in(self, to: str) -> bool:
        self._ledger.sent_in.add(self.person.email)
        answer = self._hall.http.post(f"/api/v1/{to}", json={"email": self.person.email})
        must_not_refuse(answer)
        return answer.status_code == 202

    def _mails(self) -> list[Mail]:
        return self._hall.mails(self.person.email)

    def _signed_in(self) -> bool:
        """With a mailed password or, where only the answer to choosing it was lost, with the own one. Where the answer
        to the one sign-in of a mailed password was lost, a person asks for a link."""
        if self._asked_for_link:
            return self._by_link()
        for one_time in self._mailed_passwords():
            page = self.person.sign_in(one_time)
            if page.status_code == 200 and page.url.path == "/password/new":
                self.person.choose_password()
                return self._is_in()
            if page.status_code < 500:
                self._spent.add(one_time)
        if not self._spent:
            return False
        page = self.person.sign_in()
        if page.status_code < 500 and page.url.path != "/login":
            return self._is_in()
        if page.status_code < 500:
            self._until(lambda: self._sent_in("password-resets"), _FOR_A_MAIL)
            self._asked_for_link = True
        return False

    def _by_link(self) -> bool:
        links = [mail.link("/password/reset/") for mail in self._mails() if "/password/reset/" in mail.text]
        if not links:
            return False
        link = links[-1].rsplit("/", 1)[1]
        self._ledger.secrets.append(("reset link", link))
        self.person.browser.post(f"/password/reset/{link}", data={"password": self.person.password})
        page = self.person.sign_in()
        return page.status_code == 200 and page.url.path != "/login" and self._is_in()

    def _is_in(self) -> bool:
        session = max((cookie.value or "" for cookie in self.person.browser.cookies.jar), key=len)
        self._ledger.secrets += [
            ("password", self.person.password),
            ("access token", self.person.token),
            ("session", session),
        ]
        return True

    def _mailed_passwords(self) -> list[str]:
        """Those that may be good, the newest first."""
        mails = [mail for mail in reversed(self._mails()) if "one-time password" in mail.subject]
        found = [one for mail in mails if (one := mail.one_time_password) not in self._spent]
        self._ledger.secrets += [("one-time password", one) for one in found]
        return found
