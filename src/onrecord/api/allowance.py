"""How often a key that everybody can read may be used: token buckets, in memory, of a bounded number.

A key that may only rate stands in a web page, so whoever opens the page has it. Two buckets bound what it can cost: one
for each address that uses a key, so that one visitor can not spend what all visitors share, and one for the key itself,
because a crowd of machines has a crowd of addresses. The address is asked first: what it is refused costs the key
nothing. A bucket that is forgotten is full again; that only happens to the address that was away longest, and the
key's own bucket holds whatever happens to addresses.
"""

import ipaddress
import math
import threading
import time
from collections.abc import Callable
from typing import Final

from onrecord import limits
from onrecord.buckets import Buckets, Rate
from onrecord.errors import TooMany

_NETWORK_BITS: Final = 64
"""Of an IPv6 address, what a provider gives to one customer (RFC 6177): the rest costs nobody anything to change."""


class Allowance:
    """Who may rate once more. Safe to use from several threads."""

    def __init__(
        self,
        address: Rate = Rate(limits.RATE_ADDRESS_BURST, limits.RATE_ADDRESS_PER_S),  # noqa: B008 - frozen
        key: Rate = Rate(limits.RATE_KEY_BURST, limits.RATE_KEY_PER_S),  # noqa: B008 - frozen
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._addresses = Buckets(address, limits.RATE_BUCKETS)
        self._keys = Buckets(key, limits.RATE_BUCKETS)
        self._seconds = seconds
        self._lock = threading.Lock()
        self.refused = 0
        """Requests answered 429 since the start of the process."""

    def take(self, key_id: str, peer: str) -> None:
        """One use of a key from an address.

        Raises:
            TooMany: 429, with the seconds after which there is room again.
        """
        now_s = self._seconds()
        with self._lock:
            wait_s = self._addresses.wait_s(f"{key_id} {network_of(peer)}", now_s) or self._keys.wait_s(key_id, now_s)
            if wait_s:
                self.refused += 1
        if wait_s:
            raise TooMany(
                "This key has rated too often.", hint="Send it again later.", retry_after_s=max(1, math.ceil(wait_s))
            )

    def remembered(self) -> int:
        """Buckets in memory."""
        return len(self._addresses) + len(self._keys)


def network_of(peer: str) -> str:
    """The network that an address belongs to whose addresses are one customer's; the address itself for IPv4."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer[: limits.ID_BYTES]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _NETWORK_BITS), strict=False))
