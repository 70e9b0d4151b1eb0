"""Signing in: the law of locks, and sessions with their rotating refresh tokens (SPEC §5)."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from msgspec.structs import replace

from stockwright.base.errors import AccountLocked
from stockwright.base.record import Record

FREE_FAILURES: Final = 5
LOCK_SECONDS_MAX: Final = 15 * 60
FORGOTTEN_AFTER_MS: Final = 24 * 3_600_000
KNOWN_FOR_MS: Final = 30 * 24 * 3_600_000
"""How long after a successful sign-in its origin is known."""
SESSION_LASTS_MS: Final = 30 * 24 * 3_600_000
TOKEN_LASTS_SECONDS: Final = 3600


def network_of(address: str) -> str:
    """Return what is recognized of an address: all of IPv4's, the network (/64) of IPv6's; "" where it is none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)


class Attempts(Record, frozen=True):
    """Failures in a row at one thing (a purpose and an address), whether or not there is an account.

    The fifth failure locks for 1 s and each further one twice as long, up to 15 min (Cognito's
    law); what is refused while locked does not count. A success, or a day of peace, forgets them.
    """

    KIND = "ATTEMPTS"
    failures: int = 0
    failed_at: int = 0
    locked_until: int = 0

    def locked(self, now: int) -> bool:
        """Whether there were too many failures just now."""
        return now < self.locked_until

    def check(self, now: int) -> None:
        """Refuse with AccountLocked until the lock has run out."""
        if self.locked(now):
            raise AccountLocked(retry_after_seconds=-(-(self.locked_until - now) // 1000))

    def failed(self, now: int) -> Attempts:
        """Count one failure."""
        failures = 1 if now >= self.failed_at + FORGOTTEN_AFTER_MS else self.failures + 1
        over = failures - FREE_FAILURES
        seconds = 0 if over < 0 else min(LOCK_SECONDS_MAX, 2 ** min(over, 20))
        return replace(self, failures=failures, failed_at=now, locked_until=now + seconds * 1000)
