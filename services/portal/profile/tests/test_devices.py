"""The name of a device, from its User-Agent header."""

import pytest

from portal.profile.devices import device_of


@pytest.mark.parametrize(
    ("header", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "curl"),
        ("something else", "something else"),
        (None, ""),
    ],
)
def test_device_has_a_readable_name(header: str | None, device: str) -> None:
    assert device_of(header) == device
