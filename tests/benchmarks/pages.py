"""How long a page of the portal takes, beside the API calls behind it, one after another, in the same run.

Run with `make bench`.
"""

import statistics
import time
from collections.abc import Callable

from deploy.local import Tradehall
from embedded import temporary_folder
from tests.driver import Hall

ROUNDS = 60
AT_MOST = 3.0
_EVERYWHERE = ("/me", "/organizations?limit=200")
PAGES = {
    "/platforms": ("/platforms",),
    "/clients": ("/clients",),
    "/users": ("/members", "/invitations"),
    "/activity": ("/audit", "/members?limit=200", "/clients?limit=200"),
}
"""A page below the organization's address, and what it asks for below the API's, besides what every page does."""


def main() -> None:
    """Print one line for each page."""
    with temporary_folder() as folder, Tradehall(folder / "var") as system:
        hall = Hall(system.info)
        person = hall.newcomer()
        org = f"/organizations/{person.organization}"
        assert person.browser.get(f"/portal{org}").status_code == 200

        def page(path: str) -> None:
            answer = person.browser.get(f"/portal{org}{path}", follow_redirects=False)
            assert answer.status_code == 200, answer.text

        def calls(paths: tuple[str, ...]) -> None:
            for path in (*_EVERYWHERE, *(org + each for each in paths)):
                assert person.api("GET", path).status_code == 200, path

        for path, behind in PAGES.items():
            shown, asked = [], []
            for _ in range(ROUNDS):  # by turns, so that both have the same neighbours on the machine
                asked.append(_seconds(lambda behind=behind: calls(behind)))  # type: ignore[misc]
                shown.append(_seconds(lambda path=path: page(path)))  # type: ignore[misc]
            took, alone = statistics.median(shown), statistics.median(asked)
            print(
                f"page {path}: {took * 1000:.1f} ms; its {len(behind) + len(_EVERYWHERE)} API calls alone: "
                f"{alone * 1000:.1f} ms, ratio {took / alone:.2f} (at most {AT_MOST:.0f})"
            )
        hall.close()


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
