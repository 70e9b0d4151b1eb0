"""Retention: see it, accept it; erase a person."""

from __future__ import annotations

from stockwright.accounts.model import Account
from stockwright.http.route import AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.wire import Empty
from stockwright.retention import usecases as retention
from stockwright.retention.erasing import erase_account, erase_me
from stockwright.retention.usecases import Retention
from stockwright.retention.wire import ErasedView, RetentionView, erased_view, retention_view

TAG = "Operations"
USERS = "Accounts"


async def _retention(call: PlainCall) -> Retention:
    return await retention.show_retention(call.app)


async def _accept(call: Call[Empty, NoQuery]) -> Retention:
    return await retention.accept_retention(call.app, call.request)


async def _erase_me(call: PlainCall) -> Account:
    return await erase_me(call.app, call.request)


async def _erase(call: PlainCall) -> Account:
    return await erase_account(call.app, call.request, call.path["id"])


def _show_erased(_: AnyCall, account: Account) -> ErasedView:
    return erased_view(account)


def _show(call: AnyCall, found: Retention) -> RetentionView:
    return retention_view(call.app.settings, found)


_ERASING = (
    "The account cannot sign in any more, its sessions and the API keys it made end, and its address is free again. "
    "Name and address are replaced wherever they stand (orders, messages, events, dead letters, archive files), within "
    "minutes. Quantities, amounts and ids stay. Issued invoices and backups keep them. 409 while the account has open "
    "orders, and for the last admin."
)
ROUTES = (
    route("DELETE", "/users/me", _erase_me, "Erase your own account and your personal data", USERS, _show_erased,
          who="any", answer=ErasedView, errors=(409,), description=_ERASING),
    route("DELETE", "/users/{id}", _erase, "Erase an account and the personal data of its owner", USERS, _show_erased,
          answer=ErasedView, errors=(404, 409), description=_ERASING),
    route("GET", "/retention", _retention, "How long records are kept, and whether older ones are removed", TAG, _show,
          answer=RetentionView,
          description="The settings `STOCKWRIGHT_KEEP_…` say how long. In a shop of a former release nothing but "
          "request records is removed by age until an admin accepts that."),
    route("POST", "/retention/accept", _accept, "Accept that records older than the settings say are removed", TAG,
          _show, body=Empty, answer=RetentionView,
          description="Cannot be taken back; a setting of 0 keeps a kind of record for ever. Unless "
          "`STOCKWRIGHT_ARCHIVE` is off, records are written to archive files before they are removed. Orders, sales "
          "and the ledger are always kept."),
)  # fmt: skip
