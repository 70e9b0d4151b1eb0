"""An import whose process is killed while it books: another process goes on, and every row is booked once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stockwright.app import build, close
from stockwright.audit.usecases import audit
from stockwright.base.ports import SetClock
from stockwright.catalog.inventory_views import get_by_product
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.config import Settings
from stockwright.imports.model import LEASE_MS, Import
from stockwright.imports.records import page_of_imports
from stockwright.imports.running import go_on_importing
from stockwright.imports.usecases import cancel_import
from stockwright.request import BY_SYSTEM
from tests.patience import PATIENCE_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.one_engine]
ROWS = 1500
PRODUCTS = 5


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder)


async def prepared(folder: Path) -> list[str]:
    app = await build(settings(folder))
    made = [
        await create_product(app, BY_SYSTEM, CreateProduct(f"Chair {n}", f"C-{n}", "A good chair.", "other", 100, 0))
        for n in range(PRODUCTS)
    ]
    await close(app)
    return [each.product.id for each in made]


async def look(folder: Path) -> Import | None:
    app = await build(settings(folder), reading=True)
    try:
        found, _ = await page_of_imports(app.store)
    finally:
        await close(app)
    return found[0] if found else None


async def go_on(folder: Path, products: list[str], *, cancelled: bool) -> tuple[Import, list[int]]:
    """Go on as the sweeper of another process does, when the lease is over."""
    app = await build(settings(folder))
    importing = (await page_of_imports(app.store))[0][0]
    if cancelled:
        await cancel_import(app, BY_SYSTEM, importing.id)
    late = app.at(SetClock(importing.due_at + LEASE_MS))
    while (await page_of_imports(app.store))[0][0].row.is_active:
        await go_on_importing(late)
    units = [(await get_by_product(app, each)).stock.total for each in products]
    report = await audit(app)
    assert report.drifts == []
    ended = (await page_of_imports(app.store))[0][0]
    await close(app)
    return ended, units


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_killed_import_goes_on_or_is_undone(tmp_path: Path, cancelled: bool) -> None:
    folder, file = tmp_path / "data", tmp_path / "stock.csv"
    products = asyncio.run(prepared(folder))
    rows = "".join(f"C-{number % PRODUCTS},1,row {number}\n" for number in range(ROWS))
    file.write_text(f"sku,quantity,reason\n{rows}")
    command = Path(sys.executable).parent / "stockwright"
    process = subprocess.Popen(
        [command, "import", "stock", file],
        env={**os.environ, "STOCKWRIGHT_DATA_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := asyncio.run(look(folder))) is None or not found.at:
        assert time.monotonic() < deadline
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()

    ended, units = asyncio.run(go_on(folder, products, cancelled=cancelled))
    if cancelled:
        assert (ended.status, ended.created, units) == ("CANCELLED", 0, [0] * PRODUCTS)
    else:
        assert (ended.status, ended.created, units) == ("DONE", ROWS, [ROWS // PRODUCTS] * PRODUCTS)
