"""The notation of hosts, and allowed addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.connections.addresses import Policy, clean_host, is_public


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        (" MT.Example.COM. ", "mt.example.com"),
        ("localhost", "localhost"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("203.0.113.9", "203.0.113.9"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("db_1.example", "db_1.example"),
    ],
)
def test_a_host_has_one_form(given: str, clean: str) -> None:
    assert clean_host(given) == clean


@pytest.mark.parametrize(
    "given",
    ["", ".", "https://mt.example.com", "mt.example.com:443", "a b", "a/b", "-a.example", "127.1", "0x7f.1", "1",
     "0x7f000001", "user@host", "a" * 64 + ".example", "a..b", "host\nname", "%2e", "fe80::1%eth0/64"],
)  # fmt: skip
def test_an_invalid_host_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="must be a host name"):
        clean_host(given)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "::ffff:127.0.0.1",
     "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "192.0.0.192",
     "168.63.129.16", "2001:0:7f00:1::", "fec0::1", "3fff::1", "5f00::1", "100::1", "::7f00:1", "::ffff:0:7f00:1",
     "64:ff9b:1::7f00:1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "0.1.2.3", "198.18.0.1", "240.0.0.1"],
)  # fmt: skip
def test_non_public_addresses_are_refused(address: str) -> None:
    assert not is_public(address)
    assert not Policy(private_allowed=False).allows(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert Policy(private_allowed=False).allows(address)


def test_the_operator_may_allow_private_networks_but_no_multicast() -> None:
    policy = Policy(private_allowed=True)
    assert policy.allows("127.0.0.1")
    assert policy.allows("fe80::1%eth0")
    assert not policy.allows("224.0.0.1")
    for nobody in ("0.0.0.0", "::", "::ffff:0.0.0.0", "::ffff:224.0.0.1", "64:ff9b::e000:1"):
        assert not policy.allows(nobody)
    policy.must_allow("127.0.0.1")
    with pytest.raises(ValueError, match="private"):
        Policy(private_allowed=False).must_allow("127.0.0.1")
    Policy(private_allowed=False).must_allow("localhost")  # judged once it is resolved


@given(st.text(max_size=300))
def test_a_clean_host_stays_as_it_is(text: str) -> None:
    try:
        clean = clean_host(text)
    except ValueError:
        return
    assert clean_host(clean) == clean
    assert clean.isascii()
    assert not set(clean) & set("/@ \r\n?#")
