"""A burst of invitations: from the first request at the gateway to the last mail in the mailbox.

The reference is the same number of mails of the same size given to the same mail server, one after the other.
"""

import json
import smtplib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

from deploy.local import Tradehall
from embedded import temporary_folder
from testing.driver import SystemDriver, UserDriver
from testing.waiting import wait_until
from tests.benchmarks.figures import Bound, Figure, p99, show

INVITATIONS = 1_000
ORGANIZATIONS = 4
"""One may invite 500 at once."""
CALLERS = 8
AT_MOST = 60.0


def figures() -> Iterator[Figure]:
    """The answers, and the last mail."""
    with temporary_folder() as folder, Tradehall(folder / "var") as system:
        driver = SystemDriver(system.info)
        person = driver.new_user()
        orgs = [
            person.api("POST", "/organizations", json={"name": f"Org {n}"}).json()["id"] for n in range(ORGANIZATIONS)
        ]
        before = _count(driver)
        begun = time.perf_counter()
        with ThreadPoolExecutor(CALLERS) as pool:
            answers = list(
                pool.map(lambda number: _invite(person, orgs[number % len(orgs)], number), range(INVITATIONS))
            )
        answered = time.perf_counter() - begun
        wait_until(lambda: _count(driver) >= before + INVITATIONS, 5 * AT_MOST, "all mails are there")
        mailed = time.perf_counter() - begun
        port = json.loads((folder / "var" / "ports.json").read_text())["mailbox-smtp"]
        bare = _bare(port, len(driver.mails(f"guest{INVITATIONS - 1}@example.com")[0].html) * 2)
        driver.close()
    yield Figure(
        f"{INVITATIONS:,} invitations by {CALLERS} callers until the last mail",
        (Bound("s", mailed, AT_MOST, most=True, form="{:.1f}"),),
        f"answered after {answered:.1f} s with p99 {p99(answers):.0f} ms; the mails alone {bare:.1f} s",
        "the sender, one mail at a time",
    )


def _invite(person: UserDriver, org: str, number: int) -> float:
    """The seconds of its answer."""
    begun = time.perf_counter()
    body = {"email": f"guest{number}@example.com", "role": "viewer"}
    answer = person.api("POST", f"/organizations/{org}/invitations", json=body)
    assert answer.status_code == 201, answer.text
    return time.perf_counter() - begun


def _count(driver: SystemDriver) -> int:
    return int(driver.mailbox("/api/v1/messages", limit=1)["total"])


def _bare(port: int, size: int) -> float:
    begun = time.perf_counter()
    for number in range(INVITATIONS):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@example.com", f"guest{number}@example.com", "Bare"
        mail.set_content("x" * 70 + "\n" + ("y" * 70 + "\n") * (size // 71))
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.send_message(mail)
    return time.perf_counter() - begun


if __name__ == "__main__":
    show(figures())
