"""The readable name of a device, from its User-Agent header."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python-httpx2/", "A Python program"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str | None) -> str:
    """Such as "Firefox on Windows"; the beginning of an unknown header; "" without a header."""
    given = user_agent or ""
    browser = next((name for sign, name in _BROWSERS if sign in given), "")
    system = next((name for sign, name in _SYSTEMS if sign in given), "")
    return " on ".join(filter(None, (browser, system))) or given[:60]
