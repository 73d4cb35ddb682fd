"""The installed connectors, from which the choice of API and the forms for credentials are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from portal.layout.api import Json
from portal.layout.page_requests import PageRequest

Target = Literal["api", "db"]
NO_API = "none"
_USUAL_KIND = "mt5"


@dataclass(frozen=True)
class Connectors:
    """`items` is the answer of `GET /platform-connectors`: the recommended connector of a kind and target is first."""

    items: list[Json]

    @classmethod
    def of(cls, request: PageRequest) -> "Connectors":
        """Raises ApiProblem."""
        return cls(request.api.get_added("/platform-connectors")["items"])

    @property
    def kinds(self) -> list[str]:
        """The kinds of platform, the usual one first."""
        kinds = dict.fromkeys(each["kind"] for each in self.items)
        return sorted(kinds, key=lambda kind: kind != _USUAL_KIND)

    def apis(self, kind: str) -> list[Json]:
        return self._of(kind, "api")

    def recommended_api(self, kind: str) -> str:
        return next((str(each["name"]) for each in self.apis(kind)), NO_API)

    def find(self, platform: Json, target: Target) -> Json | None:
        """The connector of a platform; None if it has none or it is not installed."""
        candidates = self._of(platform["kind"], target)
        return next((each for each in candidates if target == "db" or each["name"] == platform["api"]), None)

    def api_title(self, platform: Json) -> str:
        """The name of the platform's API to show; empty if it has none."""
        found = self.find(platform, "api")
        if found:
            return str(found["title"])
        return "" if platform["api"] == NO_API else str(platform["api"])

    def _of(self, kind: str, target: Target) -> list[Json]:
        return [each for each in self.items if each["kind"] == kind and each["target"] == target]


def first_values(connector: Json, platform: Json) -> dict[str, str]:
    """What the form holds when it opens: stored credentials as the API shows them, else the defaults."""
    known = platform[f"{connector['target']}_credentials"] or {}
    known = {**known, **known.get("options", {})}  # which a service of the release before does not answer
    found = {each["name"]: known.get(each["name"], each["default"]) for each in connector["fields"]}
    return {name: str(value) for name, value in found.items() if value is not None}


def body_of(connector: Json, given: Mapping[str, str]) -> Json:
    """The credentials as the API takes them, which also refuses a number that is not one.

    Optional fields that are empty are left out, and so is every value that no field of the connector asks for.
    """
    body: Json = {}
    for each in connector["fields"]:
        text = given.get(each["name"], "")
        if text.strip() or each["required"]:
            body[each["name"]] = _number(text) if each["type"] == "number" else text
    return body


def labels_of(connector: Json) -> dict[str, str]:
    return {each["name"]: each["label"] for each in connector["fields"]}


def _number(text: str) -> int | str:
    stripped = text.strip()
    return int(stripped) if stripped.isascii() and stripped.isdecimal() else stripped
