"""Each vocabulary is defined once: what names its members elsewhere holds all of them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

import stockwright
from stockwright.accounts import mails as account_mail
from stockwright.base.actor import SCOPES, Scope
from stockwright.base.errors import AnsweredCode, InnerCode, StockwrightError
from stockwright.base.movements import MovementType
from stockwright.events.catalogue import CodeRequested
from stockwright.handlers import REACTIONS
from stockwright.http.envelope import STATUS, status_of
from stockwright.operations import resending
from stockwright.orders.status import OPEN
from stockwright.products.model import KeptStatus, ProductStatus
from stockwright.reports.stock_reports import Moved
from stockwright.reports.wire import OpenOrdersView, StockPart, _moved
from stockwright.reservations.model import ROWS as RESERVATION_ROWS
from stockwright.reservations.model import ReservationStatus
from stockwright.routes import ROUTES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/stockwright"


def test_the_summary_counts_every_open_status() -> None:
    assert OpenOrdersView.__struct_fields__ == tuple(status.lower() for status in OPEN)


@pytest.mark.parametrize("status", get_args(ReservationStatus))
def test_each_status_of_a_reservation_has_its_own_row_and_event(status: ReservationStatus) -> None:
    row = RESERVATION_ROWS[status]
    assert [other for other, each in RESERVATION_ROWS.items() if each.changed_by == row.changed_by] == [status]
    assert row.holds == (row.counts_as == "hold")


# ---- events ----------------------------------------------------------------------------------


def test_every_event_that_requests_a_code_has_its_mail() -> None:
    assert set(account_mail._CODES) == set(CodeRequested.__subclasses__())


# ---- handlers --------------------------------------------------------------------------------


def test_the_handlers_named_by_the_resend_rules_exist() -> None:
    assert {resending._OF_ACCOUNTS, *resending._OF_ORDERS} <= {each.name for each in REACTIONS}


def test_the_web_app_describes_every_handler() -> None:
    text = (ROOT / "web/src/features/operations/names.ts").read_text(encoding="utf-8")
    table = re.search(r"HANDLERS: Record<string, string> = \{(.*?)\n\};", text, re.DOTALL)
    assert table is not None
    named = re.findall(r'^  "?([a-z-]+)"?:', table[1], re.MULTILINE)
    assert sorted(named) == sorted(each.name for each in REACTIONS)


# ---- errors ----------------------------------------------------------------------------------


def _errors(of: type[StockwrightError]) -> set[type[StockwrightError]]:
    return {of}.union(*(_errors(each) for each in of.__subclasses__()))


def test_every_error_code_has_one_http_status_or_is_internal() -> None:
    for module in pkgutil.walk_packages(stockwright.__path__, "stockwright."):
        if not module.name.startswith("stockwright.cloud."):
            # The functions' modules read their settings where they are loaded.
            importlib.import_module(module.name)
    answered, inner = get_args(AnsweredCode), get_args(InnerCode)
    assert tuple(STATUS) == answered
    codes = {error.code for error in _errors(StockwrightError)}
    assert codes == {*answered, *inner}
    assert not {*answered} & {*inner}
    for error in _errors(StockwrightError):
        assert status_of(error.__new__(error)) == STATUS.get(error.code, 503 if error.transient else 500)  # type: ignore[call-overload]


def test_the_error_codes_in_the_web_app_exist_in_the_api() -> None:
    named = set[str]()
    for file in (ROOT / "web/src").glob("**/*.ts*"):
        text = file.read_text(encoding="utf-8")
        named |= set(re.findall(r'isApiError\([\w.]+, "([A-Z_]+)"\)', text))
        named |= set(re.findall(r'\.code === "([A-Z_]+)"', text))
    assert named
    # The app's own word for an answer that is none.
    assert named <= {*get_args(AnsweredCode), "BAD_ANSWER"}


# ---- stock, products, notifications ----------------------------------------------------------


@pytest.mark.parametrize("kind", get_args(MovementType))
def test_the_stock_history_shows_every_type_of_movement(kind: MovementType) -> None:
    moved = Moved(Counter({kind: 5}))
    shown = _moved(date(2025, 1, 31), moved)
    fields = [name for name in StockPart.__struct_fields__ if getattr(shown, name) == 5]
    # What a transfer takes from one location it brings to another: it only shows in the change, as nothing.
    assert len(fields) == (1 if kind == "TRANSFER" else 2), fields


def test_every_scope_of_a_key_is_used_by_a_route() -> None:
    assert {scope for route in ROUTES for scope in route.scopes} == set(get_args(Scope)) == set(SCOPES)


def test_every_product_status_but_deleted_is_shown() -> None:
    assert {*get_args(ProductStatus)} - {*get_args(KeptStatus)} == {"DELETED"}
