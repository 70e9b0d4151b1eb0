"""What tests share: a real store in a temporary folder, a clock that they move, and no outside world."""

from __future__ import annotations

import ipaddress
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from stockwright.adapters.folder_files import FOLDER, FolderFiles
from stockwright.adapters.ids import SystemIds
from stockwright.adapters.pictures import PictureProcesses
from stockwright.audit.usecases import audit
from stockwright.base.actor import ANONYMOUS, Actor
from stockwright.catalog.first_start import ensure_shop
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.catalog.stocked import StockedProduct
from stockwright.config import Settings
from stockwright.context import App
from stockwright.request import Request
from stockwright.stock.records import page_of_stocks
from stockwright.stock.total_records import load_totals, positions_of_low
from stockwright.stock.totals import recount
from stockwright.store.paging import every
from tests.engines import ALL_ENGINES, open_store
from tests.registered import run_many
from tests.rollups.recount import assert_exact, count_all
from tests.shops import mailbox, shop

if TYPE_CHECKING:
    from tests.around import World

# Tests assert no times, and so does nothing on their behalf.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

__all__ = ["mailbox", "shop"]

START = 1_700_000_000_000
ADMIN = Request(Actor("usr_admin", "account", "admin", "admin@example.com"))
ALICE = Request(Actor("usr_alice", "account", "customer", "alice@example.com"))
BOB = Request(Actor("usr_bob", "account", "customer", "bob@example.com"))
VISITOR = Request(ANONYMOUS)
"""Somebody who has not signed in."""


LONGEST = [
    f"tests/{name}.py"
    for name in (
        "aws/test_deployed",
        "e2e/test_documents",
        "api/test_fuzz",
        "e2e/test_benchmarks",
        "aws/test_queue_functions",
        "aws/test_whole_way",
        "aws/test_cognito",
        "model/test_machine",
        "e2e/test_crash",
        "e2e/test_supervisor",
        "model/test_simulation",
        "model/test_disk",
        "model/test_flash_sale",
        "security/test_secrets",
        "cli/test_migrating",
        "store/test_whole_table",
        "aws/test_stream_function",
        "e2e/test_histories",
    )
]
"""Files that take minutes with few tests, the longest first."""


def _stay_here(event: str, arguments: tuple[Any, ...]) -> None:
    """Let no test reach another machine, by whatever library it tries."""
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0]).partition("%")[0]
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise RuntimeError(f"a test tried to reach {host}")


sys.addaudithook(_stay_here)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test once more if DynamoDB Local, which is not ours, crashed under it; the terminal says so."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    dynamodb_local = sys.modules.get("tests.aws.dynamodb_local")
    if dynamodb_local and any(each.failed for each in reports) and (found := dynamodb_local.ended()):
        print(f"\n{item.nodeid} runs once more.\n{found}", file=sys.__stderr__)
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    for each in reports:
        item.ihook.pytest_runtest_logreport(report=each)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


class Clock:
    """A clock that changes only when a test moves it (ms)."""

    def __init__(self, at: int = START) -> None:
        self.at = at

    def now(self) -> int:
        return self.at

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        self.at += int((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)


@pytest.fixture
def clock() -> Clock:
    """A clock that shows a fixed instant until it is moved."""
    return Clock()


def pytest_addoption(parser: pytest.Parser) -> None:
    found = "the engine that every shop of a test is on"
    parser.addoption("--engine", choices=ALL_ENGINES, default="sqlite", help=found)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On another engine, leave out tests that use no store or are marked; for several workers, put long files first."""
    if config.getoption("--engine") != "sqlite":
        chosen = [
            item for item in items if not item.get_closest_marker("one_engine") and "engine" in _fixtures_of(item)
        ]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen
    if hasattr(config, "workerinput"):
        counts = Counter(item.path for item in items)
        items.sort(key=lambda item: (_rank(item), -counts[item.path]))


def _rank(item: pytest.Item) -> int:
    """Order the files for the workers: the longest first, or one worker would run the last of them alone."""
    name = item.nodeid.partition("::")[0]
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


def _fixtures_of(item: pytest.Item) -> list[str]:
    names: list[str] = getattr(item, "fixturenames", [])
    return names


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """The engine that was chosen for this run."""
    chosen: str = request.config.getoption("--engine")
    return chosen


async def bare_app(folder: Path, clock: Clock, engine: str = "sqlite") -> App:
    nothing: Any = None
    made = App(
        settings=Settings(data_dir=folder, rate_limit=False),
        store=open_store(engine, folder),
        clock=clock,
        ids=SystemIds(clock),
        mail=nothing,
        sms=nothing,
        topics=nothing,
        outbound=nothing,
        files=FolderFiles(folder / FOLDER),
        pictures=PictureProcesses(),
        identity=nothing,
        log=nothing,
    )
    await ensure_shop(made)
    return made


def without_hold_limits(app: App) -> None:
    """Let customers hold as much as a test wants."""
    app.settings = app.settings.changed(hold_reservations_max=1000, hold_units_max=1_000_000_000)


async def hold_to_a_recount(app: App) -> None:
    """Handle the whole log as the handlers that count do: what is counted in advance equals a recount."""
    await count_all(app)
    await assert_exact(app)
    after = ""
    while events := await app.store.tail(after, 200):
        after = events[-1].position
        await run_many("stock-watch", app, events)
    assert dict((await load_totals(app.store)).sums) == await recount(app)
    low = {stock.variant_id async for stock in every(partial(page_of_stocks, app.store)) if stock.is_low}
    assert {part.variant_id async for _, part in every(partial(positions_of_low, app.store))} == low


Product = Callable[..., Awaitable[StockedProduct]]


@pytest.fixture
def product(app: App) -> Product:
    """Make a product: `await product(quantity=5, sku=...)`."""
    made = 0

    async def make(quantity: int = 10, **fields: Any) -> StockedProduct:
        nonlocal made
        made += 1
        given = {"name": f"Chair {made}", "sku": f"CHAIR-{made}", "category": "other", "price_cents": 1000, **fields}
        given.setdefault("description", "A chair to sit on.")
        return await create_product(app, ADMIN, CreateProduct(quantity=quantity, **given))

    return make


@pytest.fixture
async def app(tmp_path: Path, clock: Clock, engine: str) -> AsyncIterator[App]:
    """A shop, audited after every scenario."""
    made = await bare_app(tmp_path, clock, engine)
    opened = made.store
    yield made
    report = await audit(made)
    # A test may have put a store before it that refuses or stops.
    made.store = opened
    await hold_to_a_recount(made)
    await made.store.close()
    assert report.drifts == []
    assert report.unsettled == []


@pytest.fixture
async def world(tmp_path: Path, clock: Clock) -> AsyncIterator[World]:
    """A shop with a real world around it."""
    from tests.around import a_world

    async with a_world(tmp_path, clock) as made:
        yield made
