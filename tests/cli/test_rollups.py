"""The sums of the reports, rebuilt from the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace
from typer.testing import CliRunner

from stockwright.app import build, close
from stockwright.audit.usecases import audit
from stockwright.catalog.backfill import backfill
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.cli.main import app as cli
from stockwright.config import Settings
from stockwright.orders.usecases import PlaceOrder, place_order
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.total_records import load_totals, put_totals
from stockwright.store.batch import Batch
from tests.conftest import ADMIN, ALICE
from tests.rollups.recount import assert_exact


async def fill_wrongly(settings: Settings) -> None:
    """Make a shop whose order was never counted, and whose stock was counted wrongly."""
    app = await build(settings)
    try:
        wanted = CreateProduct("Chair", "CHAIR-1", "A chair to sit on.", "other", 1000, 7)
        made = await create_product(app, ADMIN, wanted)
        await place_order(app, ALICE, PlaceOrder([LineWanted(2, made.product.id)]))
        await backfill(app)
        totals, batch = await load_totals(app.store), Batch()
        put_totals(batch, replace(totals, sums={**totals.sums, "products": 77}))
        await batch.commit(app.store)
        assert not (await audit(app)).is_clean
    finally:
        await close(app)


async def look(settings: Settings) -> None:
    app = await build(settings)
    try:
        await assert_exact(app)
        assert (await load_totals(app.store)).sums["products"] == 1
        assert (await audit(app)).is_clean
    finally:
        await close(app)


def test_a_rebuild_counts_everything_again(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    asyncio.run(fill_wrongly(settings))
    env = {"STOCKWRIGHT_DATA_DIR": str(settings.data_dir), "COLUMNS": "200", "TERM": "dumb"}
    for _ in range(2):
        done = CliRunner().invoke(cli, ["rollups", "rebuild"], env=env)
        assert (done.exit_code, done.stdout) == (0, "Rebuilt. The reports use the new sums.\n"), done.output
        asyncio.run(look(settings))


def test_a_rebuild_needs_a_shop(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["rollups", "rebuild"], env={"STOCKWRIGHT_DATA_DIR": str(tmp_path / "none")})
    assert done.exit_code == 1
