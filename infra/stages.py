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
    web_domain: str = ""
    web_certificate: str = ""
    """The shop's own name, and the ARN of its certificate in us-east-1; without them CloudFront's name serves."""
    api_domain: str = ""
    api_certificate: str = ""
    """The API's own name behind CloudFront, and the ARN of its certificate in the stage's region.

    With them, the API's first address is switched off.
    """
    budget_usd: int = 0
    """A month's cost at which the alert_emails are mailed; 0: none."""
    log_requests_percent: int = 100
    """Of the requests that succeed, so many are logged; of the others all."""
    api_concurrency: int = 0
    """So many of the API's functions can run at once, and are kept from other functions of the account; 0: no limit."""
    snapstart: bool = False
    """Whether the API's function starts from a snapshot of its memory."""
    provisioned: int = 0
    """So many of the API's functions are kept started."""
    mail_by_domain: bool = False
    """Whether SES confirms the sender's whole domain by DNS, with DKIM, and not the one address by a mailed link."""
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
        for front in ("web", "api"):
            if bool(getattr(self, f"{front}_domain")) != bool(getattr(self, f"{front}_certificate")):
                raise SystemExit(
                    f"infra/stages.toml: {front}_domain and {front}_certificate of {self.name} go together."
                )
        if self.snapstart and self.provisioned:
            raise SystemExit(f"infra/stages.toml: snapstart and provisioned of {self.name} exclude each other.")
        if self.budget_usd and not self.alert_emails:
            raise SystemExit(f"infra/stages.toml: budget_usd of {self.name} needs alert_emails.")

    @property
    def prefix(self) -> str:
        """What every name begins with."""
        return f"stockwright-{self.name}"

    @property
    def mail_domain(self) -> str:
        """The domain whose name every mail bears; "" where only the one address is confirmed."""
        return self.sender.partition("@")[2] if self.mail_by_domain else ""

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
