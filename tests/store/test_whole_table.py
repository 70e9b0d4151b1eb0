"""A table with a whole shop, as a former release wrote it: this release serves it, and upgrades it like the folder."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from stockwright.audit.usecases import audit
from stockwright.orders.records import get_order
from stockwright.store.dynamodb.codec import is_of_shop, row_of_image
from stockwright.store.dynamodb.entries import OWN, keys_of
from stockwright.store.dynamodb.terms import ENTRY
from stockwright.store.migrations import upgrade
from stockwright.store.migrations.dynamodb import TableUpgrade
from stockwright.store.migrations.sqlite import FileUpgrade
from stockwright.store.port import Put
from stockwright.store.sqlite.codec import row_of
from stockwright.store.sqlite.schema import ROWS
from tests.aws.dynamodb_local import open_table
from tests.conftest import Clock, bare_app
from tests.formats import FORMER, known, load_table, unpack

ENGINES_OWN = {"LOG", "CURSORS"}
"""Events and positions in them, which each engine stores in its own form."""


def rows_of_folder(number: str, folder: Path) -> dict[Any, Put]:
    """Upgrade the folder of that format, and return its items."""
    path = unpack(number, folder)
    with closing(FileUpgrade(path)) as run:
        while not run.done:
            run.step()
    with closing(apsw.Connection(str(path))) as connection:
        rows = [row_of(each) for each in connection.execute(ROWS, ("", "", 10_000_000))]
    return {row.key: row for row in rows if row.key[0] not in ENGINES_OWN}


@pytest.mark.parametrize("number", FORMER[-1:])
async def test_a_whole_shop_is_served_and_upgraded_with_a_clean_audit(
    number: str, tmp_path: Path, clock: Clock
) -> None:
    store = open_table(str(tmp_path))
    count = load_table(number, store)
    app = await bare_app(tmp_path, clock, "dynamodb")
    before = await audit(app)
    assert before.is_clean, before
    assert min(before.products, before.movements // 5) > 70

    with closing(TableUpgrade(store)) as run:
        while not run.done:
            await asyncio.to_thread(run.step)
    changed = Counter(run.progress.changed)
    assert changed["MOVEMENT"] == before.movements
    assert await audit(app) == before
    for status, order in known(number)["orders"].items():
        assert (await get_order(app.store, order)).status == status

    pages = store.client.get_paginator("scan").paginate(TableName=store.table, ConsistentRead=True)
    found = [image for page in pages for image in page["Items"]]
    rows = [row_of_image(image) for image in found if is_of_shop(image) or image["pk"]["S"].startswith("LOG")]
    assert len(rows) == count, "only the engine's own items are new"
    named = [key["sk"]["S"] for image in found if OWN in image for key in keys_of(row_of_image(image).key, image[OWN])]
    assert sorted(named) == sorted(image["sk"]["S"] for image in found if image["pk"]["S"].startswith(ENTRY))
    assert len(named) > before.products
    assert all(upgrade(row) is None for row in rows)
    stored = {row.key: row for row in rows if row.key[0].partition("#")[0] not in ENGINES_OWN}
    assert stored == rows_of_folder(number, tmp_path / "folder")
    await app.store.close()
    await store.close()
