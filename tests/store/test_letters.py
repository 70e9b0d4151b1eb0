"""A search finds the same whether few or many items have its letters, in every order and page by page."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from stockwright.store.port import ABSENT, Delete, IndexName, Put
from stockwright.store.sqlite import letters, querying
from stockwright.store.sqlite.engine import SqliteStore

pytestmark = pytest.mark.one_engine

WORDS = ("oak", "oaken", "pine", "chair", "chain", "air", "12", "123", '"q"', "é-ü", "a b")
SEARCHES = (
    ("oak",),
    ("oaken",),
    ("chai",),
    ("air", "oak"),
    ("12",),
    ("12", "pine"),
    ("123", "chair"),
    ('"q"',),
    ("é-ü",),
    ("e c",),
    ("velvet",),
    ("oak", "velvet"),
    ("a b", "air", "oak"),
    ("oak\x00",),
)
LISTS: tuple[tuple[IndexName, str], ...] = (("list", "PRODUCT"), ("owner", "PRODUCT_NAME"))


def product(number: int, text: str, version: int = ABSENT) -> Put:
    place = f"{number:04}"
    body = {"status": "ACTIVE" if number % 3 else "INACTIVE", "text": text}
    entries: Any = {"list": ("PRODUCT", place), "owner": ("PRODUCT_NAME", place)}
    return Put((f"PRODUCT#{number}", "PRODUCT"), body, version, entries, text=text)


@pytest.mark.parametrize(("rare", "examined"), [(2000, 1000), (10, 20), (1, 7)])
async def test_a_search_finds_what_holds_all_its_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rare: int, examined: int
) -> None:
    monkeypatch.setattr(letters, "RARE_MAX", rare)
    monkeypatch.setattr(querying, "EXAMINED_MAX", examined)
    chosen = random.Random(7)
    texts = [" ".join(chosen.choices(WORDS, k=4)) for _ in range(120)]
    store = SqliteStore(tmp_path / "stockwright.db")
    await store.commit([product(number, text) for number, text in enumerate(texts)])
    for round_ in range(2):
        for search in SEARCHES:
            for index, partition in LISTS:
                for reverse in (False, True):
                    for where in (None, {"status": "ACTIVE"}):
                        found: list[str] = []
                        after: str | None = None
                        while True:
                            page = await store.query(
                                partition,
                                index=index,
                                contains=search,
                                where=where,
                                reverse=reverse,
                                after=after,
                                limit=3,
                            )
                            assert len(page.items) <= 3
                            found += [item.body["text"] for item in page.items]
                            after = page.next
                            if after is None:
                                break
                        wanted = [
                            text
                            for number, text in enumerate(texts)
                            if all(each in text for each in search) and (where is None or number % 3)
                        ]
                        assert found == (wanted[::-1] if reverse else wanted), (search, index, reverse, where)
        # What is remembered of how common letters are is outdated from now on.
        if round_ == 0:
            await store.commit([Delete((f"PRODUCT#{number}", "PRODUCT"), 1) for number in range(100, 120)])
            texts = texts[:100]
            added = [f"velvet {number}" for number in range(20)]
            await store.commit([product(100 + number, text) for number, text in enumerate(added)])
            texts += added
    await store.close()
