"""Somebody's browser. What no visit may show, however it goes, is looked at in its end."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response

from tests.browser.shop import Shop

DESKTOP = {"width": 1440, "height": 900}
# Waiting ends with what is waited for; this long only where it never comes.
PATIENCE_MS = 60_000
PHONE = {"width": 390, "height": 844}
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
# Reports a violation of the policy as an error of the page, also where the browser would not.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("policy", event.violatedDirective, event.blockedURI, event.sourceFile));
"""


@dataclass
class Visit:
    """A browser of its own on one shop, and all that went wrong in it."""

    context: BrowserContext
    shop: Shop
    refusals: frozenset[int] = frozenset()
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.context.on("console", self._on_console)
        self.context.on("weberror", lambda error: self.wrong.append(f"error: {error.error}"))
        self.context.on("request", self._on_request)
        self.context.on("response", self._on_response)

    def page(self, path: str = "/") -> Page:
        """Open a tab at a path of the shop."""
        page = self.context.new_page()
        page.goto(self.shop.url + path)
        return page

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        refused = REFUSED.match(message.text)
        if refused is None or int(refused[1]) not in self.refusals:
            self.wrong.append(f"console: {message.text} ({message.location.get('url')})")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.shop.url}/", "data:", "blob:")):
            self.wrong.append(f"another host: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.request.resource_type == "document" and urlsplit(response.url).path != "/api/docs":
            self.wrong += strictness(response.headers.get("content-security-policy", ""))


def note(page: Page, text: str | re.Pattern[str]) -> Locator:
    """Find a note at the edge of the page; for a second its text is in the page twice, once for readers."""
    return page.get_by_label("Notifications").get_by_text(text)


def strictness(policy: str) -> list[str]:
    """What a page's policy lets in that it should not."""
    rules = {name: set(values) for name, *values in (rule.split() for rule in policy.split(";") if rule.strip())}
    wanted = {"script-src": {"'self'"}, "style-src": {"'self'"}, "connect-src": {"'self'"}, "object-src": {"'none'"}}
    return [
        f"policy: {name} {sorted(rules.get(name, rules.get('default-src', set())))}"
        for name, values in wanted.items()
        if rules.get(name, rules.get("default-src", {"*"})) != values
    ]


def a_visit(
    browser: Browser,
    shop: Shop,
    who: str | None,
    refusals: tuple[int, ...],
    storage: dict[str, Any] | None = None,
    **options: Any,
) -> Visit:
    """Open a browser, signed in as somebody or as nobody, in which the app has stored some things before."""
    given: dict[str, Any] = {"viewport": DESKTOP, "reduced_motion": "reduce", "locale": "en-GB", **options}
    stored = {**(storage or {}), **({"stockwright.session": _session(shop, who)} if who else {})}
    items = [{"name": name, "value": json.dumps(value)} for name, value in stored.items()]
    given["storage_state"] = {"cookies": [], "origins": [{"origin": shop.url, "localStorage": items}]}
    return Visit(browser.new_context(**given), shop, frozenset(refusals))


def _session(shop: Shop, who: str) -> dict[str, Any]:
    session = shop.session(who, fresh=True)
    return {
        "idToken": session["idToken"],
        "refreshToken": session["refreshToken"],
        "expiresAt": int(time.time() * 1000) + session["expiresIn"] * 1000,
        "user": session["user"],
    }
