"""The audit trail."""

from portal.tests.fake_backend import HOME, MEMBER, ORG, USER, Browser


def test_audit_trail_is_filtered_and_shows_differences(signed_in: Browser) -> None:
    entry = {
        "id": str(ORG),
        "time": "2026-01-02T03:04:05Z",
        "actor": str(USER),
        "type": "OrgRenamed",
        "target": str(ORG),
        "summary": "Renamed the organization",
        "before": {"name": "Old", "kept": 1},
        "after": {"name": "New", "kept": 1},
        "request_id": "r1",
    }
    signed_in.backend.lists("/audit", entry)
    signed_in.backend.lists("/members", MEMBER)
    query = {"actor": str(USER), "kind": "OrgRenamed", "since": "2026-01-01", "until": "2026-01-31"}
    page = signed_in.http.get(f"{HOME}/activity", params=query).text
    assert "<del>Old</del>" in page
    assert "<ins>New</ins>" in page
    assert "kept" not in page
    asked = next(each["query"] for each in signed_in.backend.asked if each["path"].endswith("/audit"))
    assert asked["after"] == ["2025-12-31T23:59:59.999999Z"]
    assert asked["before"] == ["2026-02-01T00:00:00Z"]
    assert asked["type"] == ["OrgRenamed"]
