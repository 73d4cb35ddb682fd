"""The rules of a platform, on aggregates as they are reloaded."""

from uuid import UUID, uuid4

import pytest

from kit.errors import Invalid, NotFound
from kit.tests.memory import Memory
from platforms.connectors import installed
from platforms.platforms.domain import ApiNotChosen, Target, TradePlatform


def reloaded(platform: TradePlatform) -> TradePlatform:
    return Memory().again(platform)


def new(kind: str = "mt5", api: str = "mt5-webapi", organization: UUID | None = None) -> TradePlatform:
    return TradePlatform.added(uuid4(), organization or uuid4(), "Live", kind, api, installed().apis(kind))


@pytest.mark.parametrize(("kind", "api"), [("mt4", "mt5-webapi"), ("mt5", "mt4-web"), ("mt4", "mt5-manager")])
def test_an_api_must_fit_the_kind(kind: str, api: str) -> None:
    with pytest.raises(Invalid) as refused:
        new(kind, api)
    assert refused.value.errors[0].field == "api"
    platform = new(kind, installed().apis(kind)[1])
    with pytest.raises(Invalid):
        platform.choose_api(api, installed().apis(kind))


def test_an_unchanged_value_records_no_event() -> None:
    platform = reloaded(new())
    platform.rename("Live")
    platform.choose_api("mt5-webapi", installed().apis("mt5"))
    platform.found("unknown", None)
    assert platform.collect_events() == []


def test_versions_of_credentials_rise_for_each_target_and_never_go_back() -> None:
    platform = new()
    targets: list[Target] = ["api", "db", "api"]
    for target in targets:
        platform.set_credentials(target, "mt.example.com", 443, "1000", None, "off", "00", {})
    platform.remove_credentials("api")
    platform = reloaded(platform)
    assert platform.versions == {"api": 2, "db": 1}
    assert platform.credentials == ["db"]
    assert platform.next_version("api") == 3
    with pytest.raises(NotFound):
        platform.remove_credentials("api")


def test_credentials_for_an_api_need_an_api() -> None:
    platform = reloaded(new(api="none"))
    with pytest.raises(ApiNotChosen):
        platform.next_version("api")
    assert platform.next_version("db") == 1


def test_a_status_event_follows_a_change_of_state_or_reason() -> None:
    platform = reloaded(new())
    for state, reason in [("lost", "timeout"), ("lost", "timeout"), ("lost", "port-closed"), ("ok", None)]:
        platform.found(state, reason)
    published = [(getattr(event, "from_", ""), getattr(event, "to", "")) for event in platform.collect_events()]
    assert published == [("unknown", "lost"), ("lost", "lost"), ("lost", "ok")]


def test_a_platform_starts_without_credentials_and_status() -> None:
    organization, id = uuid4(), uuid4()
    platform = TradePlatform.added(id, organization, "Live", "mt5", "mt5-webapi", installed().apis("mt5"))
    assert (platform.id, platform.organization_id, platform.name) == (id, organization, "Live")
    assert (platform.kind, platform.api) == ("mt5", "mt5-webapi")
    assert (platform.versions, platform.credentials, platform.credentials_api) == ({}, [], None)
    assert (platform.state, platform.reason, platform.removed) == ("unknown", None, False)


def test_changes_are_recorded_with_what_was_before() -> None:
    memory = Memory()
    platform = memory.again(new())
    platform.rename("Demo")
    platform.choose_api("none", installed().apis("mt5"))
    platform.found("lost", "timeout")
    changes = [(event.from_, event.to) for event in platform.pending_events]  # type: ignore[attr-defined]
    assert changes == [("Live", "Demo"), ("mt5-webapi", "none"), ("unknown", "lost")]
    platform = memory.again(platform)
    assert (platform.name, platform.api, platform.state, platform.reason) == ("Demo", "none", "lost", "timeout")


def test_api_credentials_keep_the_api_they_are_for() -> None:
    platform = new()
    platform.set_credentials("db", "db.example.com", 3306, "reader", "mt5", "required", "ff", {})
    kept = [platform.credentials_api]
    platform.set_credentials("api", "mt.example.com", 443, "1000", None, "off", "00", {})
    kept.append(platform.credentials_api)
    platform.choose_api("none", installed().apis("mt5"))
    kept.append(platform.credentials_api)
    assert kept == [None, "mt5-webapi", "mt5-webapi"]
    event = platform.pending_events[1]
    assert isinstance(event, TradePlatform.PlatformCredentialsSet)
    assert (event.target, event.host, event.port, event.login, event.database, event.tls, event.fingerprint) == (
        "db",
        "db.example.com",
        3306,
        "reader",
        "mt5",
        "required",
        "ff",
    )


def test_a_removed_platform_has_no_credentials_and_is_removed_once() -> None:
    platform = new()
    platform.set_credentials("api", "mt.example.com", 443, "1000", None, "off", "00", {})
    platform.remove()
    platform = reloaded(platform)
    assert (platform.removed, platform.credentials) == (True, [])
    platform.remove()
    assert platform.pending_events == []
