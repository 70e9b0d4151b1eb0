"""What differs between the stages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("stages.toml")
RETENTION: Final = frozenset(
    {"archive", "keep_events_days", "keep_holds_days", "keep_notifications_days", "keep_requests_hours"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage; `keep` holds on to its data when the stack is removed, `gradual` shifts traffic slowly."""

    name: str
    mail_from: str
    log_days: int
    rate_per_second: int
    burst: int
    firewall: bool = True
    """Whether WAF stands before CloudFront (`firewall.py`)."""
    watch: bool = True
    """Whether the shop is tried each minute from outside, and each release before it takes traffic (`watch.py`)."""
    trial_email: str = ""
    trial_sku: str = ""
    """The customer and the product that those trials place orders with; without them they place none."""
    keep: bool = False
    gradual: bool = False
    alert_emails: tuple[str, ...] = ()
    order_emails: tuple[str, ...] = ()
    """Who is mailed each step of every order."""
    alert_phones: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    warehouse_url: str = ""
    delivery_url: str = ""
    allow_private_addresses: bool = False
    retention: Mapping[str, str] = field(default_factory=dict)
    """Settings of retention, such as `archive = "off"`; what is no setting stops the deployment."""

    def __post_init__(self) -> None:
        wrong = sorted(self.retention.keys() - RETENTION)
        if wrong:
            raise SystemExit(f"infra/stages.toml: {wrong[0]} of {self.name} is none of {', '.join(sorted(RETENTION))}.")

    @property
    def prefix(self) -> str:
        """What every name begins with."""
        return f"stockwright-{self.name}"

    @property
    def sender(self) -> str:
        """The bare address that mails come from."""
        return parseaddr(self.mail_from)[1]


def load_stages(file: Path = FILE) -> dict[str, Stage]:
    """Read the stages; a field that is not one is an error."""
    return {name: _stage(name, found) for name, found in tomllib.loads(file.read_text(encoding="utf-8")).items()}


def _stage(name: str, expected: dict[str, Any]) -> Stage:
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in expected.items()}
    return Stage(name=name, **given)
