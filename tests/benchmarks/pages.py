"""How long a page of the portal takes, beside the API calls behind it, one after another, in the same run.

Run with `make bench`.
"""

import statistics
import time
from collections.abc import Callable, Iterator

from contracts.streams import READS as SERVICES
from deploy.local import Tradehall
from embedded import temporary_folder
from testing.driver import SystemDriver
from tests.benchmarks.figures import Bound, Figure, show

ROUNDS = 60
AT_MOST = 3.0
_EVERYWHERE = ("/me", "/organizations?limit=200")
_ORG = "/organizations/{org}"
PAGES = {
    f"{_ORG}/platforms": (f"{_ORG}/platforms",),
    f"{_ORG}/clients": (f"{_ORG}/clients",),
    f"{_ORG}/users": (f"{_ORG}/members", f"{_ORG}/invitations"),
    f"{_ORG}/activity": (f"{_ORG}/audit", f"{_ORG}/members?limit=200", f"{_ORG}/clients?limit=200"),
    "/operations": tuple(f"/operations/{each}" for each in SERVICES),
    "/operations/mails": ("/operations/notifications/mails",),
}
"""A page below the portal's address, and what it asks for below the API's, besides what every page does."""


def figures() -> Iterator[Figure]:
    """One for each page."""
    with temporary_folder() as folder, Tradehall(folder / "var") as system:
        driver = SystemDriver(system.info)
        person = driver.new_user()  # the first, and so operator
        org = person.organization
        assert person.browser.get(f"/portal/organizations/{org}").status_code == 200

        def page(path: str) -> None:
            answer = person.browser.get("/portal" + path.format(org=org), follow_redirects=False)
            assert answer.status_code == 200, answer.text

        def calls(paths: tuple[str, ...]) -> None:
            for path in (*_EVERYWHERE, *paths):
                assert person.api("GET", path.format(org=org)).status_code == 200, path

        for path, behind in PAGES.items():
            shown, asked = [], []
            for _ in range(ROUNDS):  # by turns, so that both have the same neighbours on the machine
                asked.append(_seconds(lambda behind=behind: calls(behind)))  # type: ignore[misc]
                shown.append(_seconds(lambda path=path: page(path)))  # type: ignore[misc]
            took, alone = statistics.median(shown), statistics.median(asked)
            yield Figure(
                f"page {path.removeprefix(_ORG)}",
                (Bound("of its API calls", took / alone, AT_MOST, most=True),),
                f"{took * 1000:.1f} ms against {alone * 1000:.1f} ms of {len(behind) + len(_EVERYWHERE)} calls",
                "the API calls and the templates",
            )
        driver.close()


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    show(figures())
