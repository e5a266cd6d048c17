"""Where a request comes from."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The client's address: the peer of the connection or, where that is a trusted proxy, whom it names.

    `X-Forwarded-For` is read from its end, because only what trusted proxies have appended can be believed;
    None where the server does not know its peer (a socket file).
    """
    client = _parsed(request.META.get("REMOTE_ADDR", ""))
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while client is not None and _is_trusted(client) and hops:
        before = _parsed(hops.pop().strip())
        if before is None:
            break
        client = before
    return str(client) if client else None


def counted_address(request: HttpRequest) -> str:
    """What limits count as one address: of IPv6 the 64 bits that a network gives to one subscriber."""
    client = _parsed(client_address(request) or "")
    if isinstance(client, IPv6Address):
        return str(ip_network((client, 64), strict=False))
    return str(client or "")


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)
