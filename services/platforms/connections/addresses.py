"""Hosts of platforms: their notation, and the addresses to which connections are allowed."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import idna

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NAT64 = IPv6Network("64:ff9b::/96")
# What of IPv6 is given out for the Internet. fec0::/10, once for private networks, is not, which Python does not know.
_UNICAST = IPv6Network("2000::/3")
# Not of the open Internet, though Python 3.11 takes them for it: protocol assignments (metadata at Oracle's among
# them), the old 6to4 relays, Teredo, documentation, and the address at which Azure's machines find their metadata.
_SPECIAL = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "3fff::/20")),
)


def clean_host(given: str) -> str:
    """A DNS name in lower case (international ones as A-labels) or an IP address; raises ValueError."""
    host = given.strip().rstrip(".")
    try:
        return str(ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    try:
        name = (host if host.isascii() else idna.encode(host, uts46=True).decode()).lower()
    except idna.IDNAError as error:
        raise ValueError("must be a host name or an IP address") from error
    labels = name.split(".")
    # A last label of digits would be taken for a number by resolvers: 127.1 is 127.0.0.1.
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)) or re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        raise ValueError("must be a host name or an IP address, without scheme, port or path")
    return name


def _unwrapped(address: str) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one that is mapped, translated (NAT64) or tunnelled (6to4)."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            return IPv4Address(int(ip) & 0xFFFF_FFFF)
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip


def is_public(address: str) -> bool:
    """Whether the address is one of the open Internet, however it is wrapped."""
    ip = _unwrapped(address)
    if isinstance(ip, IPv6Address) and ip not in _UNICAST:
        return False
    special = ip.is_multicast or ip.is_reserved or any(ip in network for network in _SPECIAL)
    return ip.is_global and not special


class Policy:
    """Which addresses may be dialled: public ones, and private ones where the operator allows them."""

    def __init__(self, *, private_allowed: bool) -> None:
        self._private_allowed = private_allowed

    def allows(self, address: str) -> bool:
        ip = _unwrapped(address)
        if ip.is_multicast or ip.is_unspecified:
            return False
        return self._private_allowed or is_public(address)

    def must_allow(self, host: str) -> None:
        """Raises ValueError for an address, given as host, that may not be dialled; names are judged when resolved."""
        try:
            ip_address(host)
        except ValueError:
            return
        if not self.allows(host):
            raise ValueError("is a private or reserved address: enter a public one, or ask the operator to allow it")
