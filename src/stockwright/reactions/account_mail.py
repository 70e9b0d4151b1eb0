"""Mails about an account: codes and warnings. A code is made when its mail is, and stands nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockwright.domain.errors import NotFound, Permanent
from stockwright.reactions.sending import send_and_record
from stockwright.reactions.texts import plain_html
from stockwright.store.records.accounts import get_account
from stockwright.store.records.notifications import find_notification
from stockwright.usecases.accounts import issue_code

if TYPE_CHECKING:
    from stockwright.domain.events import Event
    from stockwright.usecases.context import App

HANDLER = "account-mail"


async def tell(app: App, event: Event) -> None:
    """Mail a confirmation or reset code, or that somebody tried to sign up with this address."""
    known = await find_notification(app.store, f"ntf_{event.id.removeprefix('evt_')}-{HANDLER}-0")
    if known is not None and known.status == "SENT":
        # A second run would make a new code and spoil the one that was mailed.
        return
    try:
        if event.name == "account.signup_repeated":
            account = await get_account(app.store, event.subject)
            subject, text = "You already have an account", _repeated(account.name)
        elif event.name == "account.verification_requested":
            account, code = await issue_code(app, event.subject, "confirmation")
            subject, text = "Confirm your e-mail address", _code_text("confirm your e-mail address", code, "a day")
        else:
            account, code = await issue_code(app, event.subject, "reset")
            subject, text = "Reset your password", _code_text("reset your password", code, "an hour")
    except NotFound:
        raise Permanent(f"the account {event.subject} is gone") from None
    await send_and_record(app, event, HANDLER, ("email", account.email, subject, text, plain_html(text)))


def _code_text(purpose: str, code: str, lasts: str) -> str:
    return (
        f"Your code to {purpose} is:\n\n{code}\n\n"
        f"It works for {lasts}. If you did not ask for it, you need not do anything.\n"
    )


def _repeated(name: str) -> str:
    return (
        f"Hello{f' {name}' if name else ''},\n\n"
        "somebody, perhaps you, tried to sign up with this address, which has an account already. "
        "Nothing was changed.\n\nIf you have forgotten your password, ask for a code to reset it.\n"
    )
