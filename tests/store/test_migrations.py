"""A file of a former format becomes one of this format: whole, once, and however often it is cut off."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest

from stockwright.base.errors import Misconfigured
from stockwright.base.record import Record
from stockwright.base.shards import SHARDS
from stockwright.store import migrations
from stockwright.store.migrations import FIRST, FORMAT, MARK, UPGRADES, upgrade
from stockwright.store.migrations.sqlite import FileUpgrade, format_of
from stockwright.store.parsing import is_of
from stockwright.store.port import Item, Put
from stockwright.store.sqlite.codec import row_of
from stockwright.store.sqlite.engine import SqliteStore
from stockwright.store.sqlite.schema import ROWS
from tests.formats import FORMER, all_bytes, all_rows, unpack

PAGE = 250


@pytest.fixture(params=FORMER)
def number(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(number: str, tmp_path: Path) -> Path:
    return unpack(number, tmp_path)


@pytest.fixture
def rows(path: Path) -> list[Put]:
    """Every item as the old release wrote it."""
    with closing(apsw.Connection(str(path))) as connection:
        return [row_of(each) for each in connection.execute(ROWS, ("", "", 10_000_000))]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "PAGE", PAGE)


def finish(path: Path) -> FileUpgrade:
    with closing(FileUpgrade(path)) as upgrade:
        while not upgrade.done:
            upgrade.step()
    return upgrade


def test_there_is_a_folder_of_every_former_format_and_one_upgrade_to_each_next() -> None:
    assert [str(number) for number in range(FIRST, FORMAT)] == FORMER
    assert [number for number, _ in UPGRADES] == sorted(number for number, _ in UPGRADES)
    assert {number for number, _ in UPGRADES} == set(range(FIRST + 1, FORMAT + 1))


def test_an_upgrade_adds_what_is_missing_and_changes_nothing_else(rows: list[Put]) -> None:
    changed = 0
    for row in rows:
        newer = upgrade(row)
        if newer is None:
            continue
        changed += 1
        assert (newer.key, newer.expect, newer.indexes, newer.text, newer.ttl) == (
            row.key,
            row.expect,
            row.indexes,
            row.text,
            row.ttl,
        )
        assert upgrade(newer) is None, "twice is once"
        gone = row.body.keys() - newer.body.keys()
        assert gone <= {"draws", "settling", "tells", "channel", "to", "position"}, "what has another name now"
        for name in row.body.keys() - gone - {"lines", "mfa", "items"}:
            assert newer.body[name] == row.body[name]
    assert changed > 1000


KINDS_IN_DATA = {
    "ACCOUNT",
    "ALERT",
    "APIKEY",
    "ATTEMPTS",
    "CATEGORY",
    "CURSOR",
    "DEADLETTER",
    "EMAIL",
    "FAMILY",
    "LOCATION",
    "MOVEMENT",
    "NOTIFICATION",
    "ORDER",
    "PRODUCT",
    "RESERVATION",
    "RETRY",
    "SALE",
    "SKU",
    "STOCK",
}
"""Of the other kinds the first format had none, or its folder has none."""


def test_every_item_is_read_as_its_record(rows: list[Put]) -> None:
    read: Counter[str] = Counter()
    for row in rows:
        item = Item(row.key, row.expect + 1, (upgrade(row) or row).body)
        (record,) = (each for each in Record.__subclasses__() if is_of(each, row.key))
        assert item.read(record).version == item.version
        read[record.KIND] += 1
    assert read.keys() == KINDS_IN_DATA


def test_every_kind_of_item_that_has_an_upgrade_is_in_the_data(rows: list[Put]) -> None:
    upgraded = {migrations.kind_of(row.key) for row in rows if upgrade(row) is not None}
    # What a release before the first wrote otherwise, and this one no more.
    assert upgraded >= {
        "CATEGORIES",
        "CURSORS",
        "DEADLETTER",
        "FAMILY",
        "LOCATIONS",
        "MOVEMENT",
        "NOTIFICATION",
        "ORDER",
        "RESERVATION",
        "RETRY",
        "SALE",
        "STOCK",
    }


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        (("CURSORS", "warehouse"), {"position": "7"}, {"positions": ["7"] * SHARDS}),
        (("CURSORS", "warehouse"), {"position": "7", "copied": True}, {"positions": ["7"] * SHARDS, "copied": True}),
        (
            ("ACCOUNT#1", "ACCOUNT"),
            {"mfa": {"secret": "s", "confirmed": True, "lastStep": 1}},
            {
                "mfa": {"secret": "s", "confirmed": True, "lastStep": 1, "asked": ""},
                "sessionsEndedAt": 0,
                "further": [],
                "locale": "",
            },
        ),
        (("ACCOUNT#1", "ACCOUNT"), {"mfa": None}, {"mfa": None, "sessionsEndedAt": 0, "further": [], "locale": ""}),
        (("ORDER#1", "WORK"), {"left": {}}, {"left": {}, "requestId": ""}),
        (("SETUP", "SETUP"), {"hash": "h"}, {"hash": "h", "expiresAt": 0}),
        (("PRODUCT#1", "STOCK"), {"createdAt": 7}, {"createdAt": 7, "updatedAt": 7}),
        (
            ("ORDER#1", "ORDER"),
            {"lines": [{"sku": "A", "returned": 2}, {"sku": "B", "options": {"size": "M"}}]},
            {
                "lines": [
                    {"sku": "A", "returned": 2, "options": {}},
                    {"sku": "B", "options": {"size": "M"}, "returned": 0},
                ],
                "hasPendingWork": False,
            },
        ),
        (
            ("ORDER#1", "WORK"),
            {"tells": [["placed", ["1"]]], "requestId": "r"},
            {"events": [["order.placed", ["1"]]], "requestId": "r"},
        ),
        (
            ("DIGEST#stock", "email#1"),
            {"channel": "email", "to": "a@b.c"},
            {"address": {"channel": "email", "to": "a@b.c"}},
        ),
        (("CATEGORIES", "food"), {"name": "food"}, {"name": "food", "key": "food", "renamedFrom": None}),
        (
            ("RESERVATION#1", "RESERVATION"),
            {"items": [{"sku": "A", "draw": {"default": 1}}], "counted": True},
            {"items": [{"sku": "A", "allocation": {"default": 1}}], "counted": True},
        ),
        (
            ("SALE#1", "SALE"),
            {"lines": [], "draws": {"1": {"default": 1}}},
            {"lines": [], "allocations": {"1": {"default": 1}}},
        ),
        # A location or category may be called as a kind is.
        (("LOCATIONS", "ORDER"), {"name": "Order"}, {"name": "Order", "id": "ORDER", "shortagesKnown": False}),
    ],
)
def test_missing_fields_get_their_implied_values(
    key: tuple[str, str], before: dict[str, object], after: dict[str, object]
) -> None:
    newer = upgrade(Put(key, before, 0))
    assert newer is not None
    assert newer.body == after


def test_a_file_is_upgraded_and_nothing_but_its_bodies_changes(path: Path, number: str, small_pages: None) -> None:
    before, events, _ = all_rows(path)
    with pytest.raises(Misconfigured, match=f"has data format {number}, this release uses {FORMAT}: stockwright migr"):
        SqliteStore(path)

    done = finish(path)

    after, events_after, found = all_rows(path)
    assert (found, format_of(path)) == (FORMAT, FORMAT)
    assert events_after == events
    assert [(*row[:3], *row[4:]) for row in after] == [(*row[:3], *row[4:]) for row in before]
    assert sum(old != new for old, new in zip(before, after, strict=True)) == sum(done.progress.changed.values())
    assert done.progress.items == done.total == len(before)


def test_an_upgrade_interrupted_after_any_page_resumes_with_the_same_result(
    number: str, tmp_path: Path, small_pages: None
) -> None:
    whole = unpack(number, tmp_path / "whole")
    finish(whole)
    expected = all_rows(whole)
    pages = -(-len(expected[0]) // PAGE)
    assert pages > 5
    for cut in range(pages + 1):
        path = unpack(number, tmp_path / str(cut))
        upgrade = FileUpgrade(path)
        for _ in range(min(cut, pages)):
            upgrade.step()
        upgrade.close()
        assert format_of(path) == (FORMAT if cut >= pages else int(number))
        finish(path)
        assert all_rows(path) == expected


KILLED = """
import os, signal, sys
from pathlib import Path
from stockwright.store import migrations
from stockwright.store.migrations.sqlite import FileUpgrade

migrations.PAGE = 250
left = int(sys.argv[2])
write = FileUpgrade._write

def count(self, row):
    global left
    write(self, row)
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

FileUpgrade._write = count
upgrade = FileUpgrade(Path(sys.argv[1]))
while not upgrade.done:
    upgrade.step()
"""


@pytest.mark.parametrize("writes", [1, 251, 900])
def test_an_upgrade_killed_within_a_page_resumes_with_the_same_result(
    number: str, writes: int, tmp_path: Path, small_pages: None
) -> None:
    whole, path = unpack(number, tmp_path / "whole"), unpack(number, tmp_path / "killed")
    finish(whole)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(writes)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert format_of(path) == int(number)
    finish(path)
    assert all_rows(path) == all_rows(whole)


def test_a_repeated_upgrade_changes_no_byte(path: Path) -> None:
    finish(path)
    before = all_bytes(path.parent)
    assert finish(path).progress.items == 0
    assert all_bytes(path.parent) == before


def test_a_dry_run_changes_no_byte_and_says_what_the_real_one_does(path: Path, small_pages: None) -> None:
    before = all_bytes(path.parent)
    with closing(FileUpgrade(path, dry_run=True)) as dry:
        while not dry.done:
            dry.step()
    assert all_bytes(path.parent) == before
    assert finish(path).progress.changed == dry.progress.changed


def test_a_file_that_is_open_elsewhere_is_refused_in_one_line(path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("SELECT count(*) FROM item").fetchall()
    with pytest.raises(Misconfigured, match="open: end it first"):
        FileUpgrade(path)
    other.close()
    finish(path)


def test_a_file_cannot_be_opened_during_its_upgrade(path: Path) -> None:
    with closing(FileUpgrade(path)), closing(apsw.Connection(str(path))) as other, pytest.raises(apsw.BusyError):
        other.execute("SELECT count(*) FROM item").fetchall()


def test_an_interrupted_upgrade_to_another_format_starts_again(path: Path, small_pages: None) -> None:
    upgrade = FileUpgrade(path)
    upgrade.step()
    upgrade.close()
    with closing(apsw.Connection(str(path))) as connection:
        [(body,)] = connection.execute("SELECT body FROM item WHERE pk=? AND sk=?", MARK).fetchall()
        answer = msgspec.json.decode(body)
        assert (answer["to"], answer["items"]) == (FORMAT, PAGE)
        answer["to"] = FORMAT + 1
        connection.execute("UPDATE item SET body=? WHERE pk=?", (msgspec.json.encode(answer), MARK[0]))
    again = FileUpgrade(path)
    assert again.progress.after is None
    again.close()


@pytest.mark.parametrize("other", [0, FORMAT + 1])
def test_a_file_of_no_format_or_a_newer_one_is_refused_in_one_line(path: Path, other: int) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(f"PRAGMA user_version={other}")
    found = f"data format {other}, this release reads {FORMAT} at most" if other else "is not a Stockwright store"
    for opening in (SqliteStore, FileUpgrade):
        with pytest.raises(Misconfigured, match=found):
            opening(path)
