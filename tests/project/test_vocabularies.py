"""Each vocabulary stands once: what names its members elsewhere holds all of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from stockwright.accounts import mails as account_mail
from stockwright.base.event_names import EVENT_NAMES, CodeEvent, EventName
from stockwright.handlers import REACTIONS
from stockwright.operations import resending
from stockwright.orders.status import OPEN
from stockwright.reports.wire import OpenOrdersView
from stockwright.reservations.model import ROWS as RESERVATION_ROWS
from stockwright.reservations.model import ReservationStatus

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/stockwright"
CATALOGUE = SOURCE / "base/event_names.py"


def test_the_summary_counts_every_open_status() -> None:
    assert OpenOrdersView.__struct_fields__ == tuple(status.lower() for status in OPEN)


@pytest.mark.parametrize("status", get_args(ReservationStatus))
def test_each_status_of_a_reservation_has_a_row_and_an_event_of_its_own(status: ReservationStatus) -> None:
    row = RESERVATION_ROWS[status]
    assert [other for other, each in RESERVATION_ROWS.items() if each.changed_by == row.changed_by] == [status]
    assert row.holds == (row.counts_as == "hold")


# ---- events ----------------------------------------------------------------------------------


def _texts(file: Path) -> set[str]:
    """Return the strings that a module holds."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_name_of_an_event_stands_once_and_is_used() -> None:
    assert len(set(EVENT_NAMES)) == len(EVENT_NAMES)
    used = set[str]().union(
        *(_texts(file) for file in SOURCE.glob("**/*.py") if file not in {CATALOGUE, SOURCE / "handlers.py"})
    )
    assert [name for name in EVENT_NAMES if name not in used] == []


def test_what_looks_like_the_name_of_an_event_is_in_the_catalogue() -> None:
    nouns = {name.partition(".")[0] for name in EVENT_NAMES}
    shape = re.compile(rf"({'|'.join(sorted(nouns))})\.[a-z_]+")
    for file in SOURCE.glob("**/*.py"):
        named = {text for text in _texts(file) if shape.fullmatch(text)}
        assert named <= {*EVENT_NAMES}, file


@pytest.mark.parametrize("reaction", REACTIONS, ids=lambda each: each.name)
def test_a_handler_is_registered_for_events_of_the_catalogue(reaction: object) -> None:
    assert reaction.events  # type: ignore[attr-defined]
    assert reaction.events <= set(get_args(EventName))  # type: ignore[attr-defined]


def test_every_request_for_a_code_has_its_mail() -> None:
    assert set(account_mail._CODES) == set(get_args(CodeEvent))


# ---- handlers --------------------------------------------------------------------------------


def test_the_handlers_that_the_rules_of_sending_again_name_are_handlers() -> None:
    assert {resending._OF_ACCOUNTS, *resending._OF_ORDERS} <= {each.name for each in REACTIONS}


def test_the_web_app_says_of_every_handler_what_it_does() -> None:
    text = (ROOT / "web/src/features/operations/names.ts").read_text(encoding="utf-8")
    table = re.search(r"HANDLERS: Record<string, string> = \{(.*?)\n\};", text, re.DOTALL)
    assert table is not None
    named = re.findall(r'^  "?([a-z-]+)"?:', table[1], re.MULTILINE)
    assert sorted(named) == sorted(each.name for each in REACTIONS)
