"""Mails about an account: codes and warnings.

A code is made when its mail is, and is nowhere else: the message that is stored of it, which every
admin can read, does not show the code. Where no mail can be sent no code is made; the operator of the
server makes a link (`stockwright users reset-link`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.accounts.records import get_account
from stockwright.accounts.sign_up import issue_code
from stockwright.base.errors import NotFound, Permanent
from stockwright.events.catalogue import (
    AccountResetRequested,
    AccountSignupRepeated,
    AccountVerificationRequested,
    CodeRequested,
)
from stockwright.notifications.quota import count_unasked_mail
from stockwright.notifications.records import find_notification
from stockwright.notifications.sending import Outgoing, notification_id, send_and_record
from stockwright.notifications.texts import plain_html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.accounts.model import CodePurpose
    from stockwright.base.event import Event
    from stockwright.context import App


HANDLER: Final = "account-mail"
HIDDEN: Final = "(the code is not kept)"
_CODES: Final[Mapping[type[CodeRequested], tuple[CodePurpose, str, str]]] = {
    AccountVerificationRequested: ("confirmation", "Confirm your e-mail address", "a day"),
    AccountResetRequested: ("reset", "Reset your password", "an hour"),
}


async def send_mail(app: App, event: Event, data: CodeRequested | AccountSignupRepeated) -> None:
    """Mail a confirmation or reset code, or that somebody tried to sign up with this address."""
    try:
        account = await get_account(app.store, event.subject)
    except NotFound:
        raise Permanent(f"the account {event.subject} is gone") from None
    if account.is_erased:
        return
    known = await find_notification(app.store, notification_id(event, HANDLER, account.email))
    if known is not None and known.is_done:
        # A second run would replace a code that was mailed since by an older one.
        return
    if isinstance(data, AccountSignupRepeated):
        text = _repeated(account.name)
        await _mail(app, event, account.email, "You already have an account", text, text)
        return
    purpose, subject, lasts = _CODES[type(data)]
    sign_up = data.sign_up if isinstance(data, AccountVerificationRequested) else ""
    if sign_up and all(each.id != sign_up for each in account.further):
        # Newer ones have replaced it, or the address is confirmed: a code of it would open nothing.
        return
    if not app.mail.delivers:
        text = _no_code_text(subject, account.email)
        await _mail(app, event, account.email, subject, text, text)
        return
    # A code that follows from the event: a second mail of one event has the same code.
    _, code = await issue_code(app, account.id, purpose, event_id_of_code=event.id, sign_up=sign_up)
    await _mail(
        app, event, account.email, subject, _code_text(subject, code, lasts), _code_text(subject, HIDDEN, lasts)
    )


async def _mail(app: App, event: Event, to: str, subject: str, text: str, stored: str) -> None:
    if app.mail.delivers:
        await count_unasked_mail(app)
    message: Outgoing = ("email", to, subject, text, plain_html(text))
    await send_and_record(app, event, HANDLER, message, stored=(stored, plain_html(stored)))


def _code_text(subject: str, code: str, lasts: str) -> str:
    return (
        f"Your code to {subject[0].lower()}{subject[1:]} is:\n\n{code}\n\n"
        f"It works for {lasts}. If you did not request it, you can ignore this message.\n"
    )


def _no_code_text(subject: str, email: str) -> str:
    return (
        f"A code to {subject[0].lower()}{subject[1:]} was requested for {email}.\n\n"
        "This shop sends no mail (STOCKWRIGHT_SMTP_URL), so no code was made. On the server, "
        f"`stockwright users reset-link {email}` prints a link that sets a new password.\n"
    )


def _repeated(name: str) -> str:
    return (
        f"Hello{f' {name}' if name else ''},\n\n"
        "someone, perhaps you, tried to sign up with this address, but it already has an account. "
        "Nothing was changed.\n\nIf you have forgotten your password, request a code to reset it.\n"
    )
