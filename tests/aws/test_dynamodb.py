"""What only the cloud's engine meets: traffic, conflicts, lost answers, and settings that do not fit."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

from stockwright.base.errors import Busy, InsufficientStock, PayloadTooLarge, Unknown
from stockwright.catalog.stocked import StockedProduct
from stockwright.context import App
from stockwright.orders.usecases import PlaceOrder, cancel_order, get_order, place_order
from stockwright.products.model import Product
from stockwright.products.records import claim_sku, put_product
from stockwright.sales.load_lines import LineWanted
from stockwright.stock.booking import book
from stockwright.stock.model import Level, Stock
from stockwright.stock.records import load_stocks, put_stock
from stockwright.store.batch import Batch
from stockwright.store.dynamodb import log, writing
from stockwright.store.dynamodb.codec import event_of_image, item_of_image
from stockwright.store.dynamodb.engine import DynamoDbStore
from stockwright.store.port import ABSENT, Add, ConditionFailed, Put
from tests.aws.dynamodb_local import environment, open_table
from tests.aws.starting import refusal
from tests.conftest import ADMIN, ALICE, START, Clock, bare_app

ITEM = ("P#1", "STOCK")
UNITS = ("units",)
Answer = Callable[[Any], AWSResponse | None]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DynamoDbStore]:
    opened = open_table(str(tmp_path))
    yield opened
    await opened.close()


@pytest.fixture
def engine() -> str:
    """Every shop of this file is on DynamoDB."""
    return "dynamodb"


class Body:
    """An answer's bytes, as the SDK reads them."""

    def __init__(self, text: str) -> None:
        self._text = text.encode()

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [self._text]


def answer(status: int, code: str, body: str = "") -> AWSResponse:
    text = body or f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "injected"}}'
    return AWSResponse("http://injected", status, {"content-type": "application/x-amz-json-1.0"}, Body(text))


def cancelled(*codes: str) -> AWSResponse:
    reasons = ",".join(f'{{"Code": "{code}"}}' for code in codes)
    body = (
        '{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", '
        f'"Message": "cancelled", "CancellationReasons": [{reasons}]}}'
    )
    return answer(400, "", body)


def inject(store: DynamoDbStore, before: Answer, operation: str = "TransactWriteItems") -> None:
    """Answer in DynamoDB's place where `before` returns something."""
    store.client.meta.events.register(f"before-send.dynamodb.{operation}", lambda request, **_: before(request))


def every_other(make: Callable[[], AWSResponse]) -> tuple[Answer, list[int]]:
    calls = [0]

    def before(_: Any) -> AWSResponse | None:
        calls[0] += 1
        return make() if calls[0] % 2 else None

    return before, calls


@pytest.mark.parametrize(
    "fault",
    [
        lambda: cancelled("TransactionConflict"),
        lambda: cancelled("ThrottlingError"),
        lambda: cancelled("ProvisionedThroughputExceeded"),
        lambda: answer(400, "ThrottlingException"),
        lambda: answer(500, "InternalServerError"),
        lambda: answer(503, "ServiceUnavailable"),
    ],
    ids=["conflict", "throttled item", "throughput", "throttled call", "500", "503"],
)
async def test_a_commit_with_a_temporary_fault_is_retried_and_has_one_effect(
    store: DynamoDbStore, fault: Callable[[], AWSResponse]
) -> None:
    await store.commit([Put(ITEM, {"units": 50}, ABSENT)])
    before, calls = every_other(fault)
    inject(store, before)

    for _ in range(5):
        await store.commit([Add(ITEM, {UNITS: -1}, {UNITS: 0})])

    assert (await store.get([ITEM]))[ITEM].body == {"units": 45}
    assert calls[0] >= 10


async def test_a_commit_with_a_lasting_conflict_is_busy_and_wrote_nothing(store: DynamoDbStore) -> None:
    await store.commit([Put(ITEM, {"units": 50}, ABSENT)])
    inject(store, lambda _: cancelled("TransactionConflict"))
    with pytest.raises(Busy):
        await store.commit([Add(ITEM, {UNITS: -1}, {UNITS: 0})])
    assert (await store.get([ITEM]))[ITEM].body == {"units": 50}


async def test_a_failed_condition_is_reported_even_together_with_a_conflict(store: DynamoDbStore) -> None:
    inject(store, lambda _: cancelled("TransactionConflict", "ConditionalCheckFailed", "None"))
    with pytest.raises(ConditionFailed) as refused:
        await store.commit([Put((f"P#{number}", "A"), {}, ABSENT) for number in range(3)])
    assert refused.value.positions == (1,)


async def test_a_commit_whose_answer_is_lost_has_one_effect(store: DynamoDbStore) -> None:
    """The call reaches DynamoDB and is done; its answer does not come back. The same token asks again."""
    await store.commit([Put(ITEM, {"units": 50}, ABSENT)])
    lost = [0]

    def lose(**_: Any) -> None:
        lost[0] += 1
        if lost[0] % 2:
            raise ReadTimeoutError(endpoint_url="injected")

    store.client.meta.events.register("after-call.dynamodb.TransactWriteItems", lose)

    for _ in range(5):
        await store.commit([Add(ITEM, {UNITS: -1}, {UNITS: 0})])

    assert lost[0] >= 10
    assert (await store.get([ITEM]))[ITEM].body == {"units": 45}


async def test_a_commit_is_not_retried_after_readers_of_the_log_may_have_passed_it(
    store: DynamoDbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def lose(**_: Any) -> None:
        sent.append(1)
        raise ReadTimeoutError(endpoint_url="injected")

    store.client.meta.events.register("after-call.dynamodb.TransactWriteItems", lose)
    instants = itertools.count(START, 4000)
    for module in (log, writing):
        monkeypatch.setattr(module, "now_ms", lambda: next(instants))
    impatient = DynamoDbStore(store.table, store.client)
    await impatient.commit([Put(ITEM, {"units": 1}, ABSENT)])
    with pytest.raises(Unknown):
        await impatient.commit([Add(ITEM, {UNITS: 1})])
    assert len(sent) == 2


@pytest.mark.parametrize("operation", ["GetItem", "Query"])
async def test_a_read_that_fails_temporarily_is_retried(store: DynamoDbStore, operation: str) -> None:
    await store.commit([Put(ITEM, {"units": 50}, ABSENT)])
    before, calls = every_other(lambda: answer(500, "InternalServerError"))
    inject(store, before, operation)
    found = await store.get([ITEM]) if operation == "GetItem" else (await store.query(ITEM[0])).items
    assert len(found) == 1
    assert calls[0] == 2


async def test_unprocessed_keys_are_requested_again(store: DynamoDbStore) -> None:
    keys = [(f"P#{number}", "A") for number in range(10)]
    for key in keys:
        await store.commit([Put(key, {"n": 1}, ABSENT)])
    asked = [0]

    def half(parsed: Any, **_: Any) -> None:
        asked[0] += 1
        if asked[0] == 1:
            left = parsed["Responses"][store.table][5:]
            del parsed["Responses"][store.table][5:]
            missing = [{"pk": image["pk"], "sk": image["sk"]} for image in left]
            parsed["UnprocessedKeys"] = {store.table: {"Keys": missing, "ConsistentRead": True}}

    store.client.meta.events.register("after-call.dynamodb.BatchGetItem", half)
    assert set(await store.get(keys)) == set(keys)
    assert asked[0] == 2


async def test_two_hundred_buyers_of_fifty_units_get_exactly_fifty(app: App, product: Callable[..., Any]) -> None:
    chair: StockedProduct = await product(50)

    async def buy(number: int) -> bool:
        await asyncio.sleep(random.Random(number).uniform(0, 0.2))
        try:
            await place_order(app, ALICE, PlaceOrder([LineWanted(1, chair.product.id)]))
        except InsufficientStock:
            return False
        return True

    outcomes = await asyncio.gather(*[buy(number) for number in range(200)])
    assert outcomes.count(True) == 50


async def test_sixteen_stores_that_write_one_item_at_once_lose_no_update(tmp_path: Path) -> None:
    """Each with its own connections and threads, as sixteen Lambda containers have; conflicts are injected."""
    stores = [open_table(str(tmp_path)) for _ in range(16)]
    await stores[0].commit([Put(ITEM, {"units": 100}, ABSENT)])
    chance = random.Random(7)
    for each in stores:
        inject(each, lambda _: cancelled("TransactionConflict") if chance.random() < 0.3 else None)

    async def sell(store: DynamoDbStore) -> int:
        sold = 0
        while True:
            try:
                await store.commit([Add(ITEM, {UNITS: -1}, {UNITS: 0})])
                sold += 1
            except ConditionFailed:
                return sold
            except Busy:
                continue

    async with asyncio.timeout(300):
        sold = await asyncio.gather(*[sell(each) for each in stores])
    assert sum(sold) == 100
    assert (await stores[0].get([ITEM]))[ITEM].body == {"units": 0}
    for each in stores:
        await each.close()


async def test_an_order_under_faults_of_every_kind_is_whole_or_not_at_all(
    tmp_path: Path, clock: Clock, app: App, product: Callable[..., Any]
) -> None:
    chairs = [(await product(20)).product.id for _ in range(3)]
    assert isinstance(app.store, DynamoDbStore)
    chance = random.Random(11)
    faults = [
        lambda: cancelled("None", "TransactionConflict"),
        lambda: answer(400, "ThrottlingException"),
        lambda: answer(500, "InternalServerError"),
    ]
    inject(app.store, lambda _: chance.choice(faults)() if chance.random() < 0.4 else None)

    async def order() -> bool:
        try:
            await place_order(app, ALICE, PlaceOrder([LineWanted(1, each) for each in chairs]))
        except InsufficientStock:
            return False
        return True

    outcomes = await asyncio.gather(*[order() for _ in range(30)])
    assert outcomes.count(True) == 20


async def test_an_order_of_593_lines_is_whole_though_a_transaction_takes_a_hundred(
    app: App,
) -> None:
    assert isinstance(app.store, DynamoDbStore)
    chairs = [f"prd_{number:03}" for number in range(593)]
    for start in range(0, len(chairs), 20):
        batch = Batch()
        for each in chairs[start : start + 20]:
            put_product(batch, Product(each, each, each, price_cents=100))
            claim_sku(batch, each, each)
            stock = Stock(each, each, {"default": Level.of(5)}, ["default"])
            put_stock(batch, stock)
            book(app, ADMIN, batch, {each: {"default": 5}}, {each: stock}, "INITIAL")
        await batch.commit(app.store)
    chance = random.Random(13)
    inject(app.store, lambda _: cancelled("TransactionConflict") if chance.random() < 0.2 else None)

    order = await place_order(app, ALICE, PlaceOrder([LineWanted(2, each) for each in chairs]))
    assert await levels(app, chairs) == {(3, 2, 5)}
    cancelled_order = await cancel_order(app, ALICE, order.id)
    assert await levels(app, chairs) == {(5, 0, 5)}
    assert cancelled_order == await get_order(app, ALICE, order.id)


async def levels(app: App, product_ids: list[str]) -> set[tuple[int, int, int]]:
    stocks = await load_stocks(app.store, product_ids)
    return {(stock.available, stock.reserved, stock.total) for stock in stocks.values()}


async def test_an_item_that_is_too_large_is_refused_as_such(store: DynamoDbStore) -> None:
    with pytest.raises(PayloadTooLarge):
        await store.commit([Put(ITEM, {"text": "x" * 450_000}, ABSENT), Put(("P#2", "A"), {}, ABSENT)])
    assert await store.get([ITEM, ("P#2", "A")]) == {}


async def test_readers_of_the_log_stay_far_enough_behind_to_miss_no_commit(tmp_path: Path, clock: Clock) -> None:
    near, far = open_table(str(tmp_path)), open_table(str(tmp_path), tail_delay_seconds=60)
    made = await bare_app(tmp_path, clock, "dynamodb")
    await place_nothing(made)
    assert await near.tail() != []
    assert await far.tail() == []
    assert await far.tail(reverse=True) != []
    for each in (near, far, made.store):
        await each.close()


async def place_nothing(app: App) -> None:
    from stockwright.catalog.new_product import CreateProduct, create_product

    await create_product(app, ADMIN, CreateProduct("Oak chair", "OAK-1", "A chair to sit on.", "other", 1000, 1))


async def test_events_from_the_stream_are_read_as_they_were_written(store: DynamoDbStore) -> None:
    body = {"n": 1, "part": 0.5, "text": "", "on": True, "none": None, "list": [1, {"a": []}], "big": 10**18}
    await store.commit([Put(ITEM, body, ABSENT, {"list": ("STOCK", "1")}, "words", 99)])
    (image,) = store.client.scan(TableName=store.table)["Items"]
    assert item_of_image(image).body == body
    assert event_of_image(image) is None


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"STOCKWRIGHT_TABLE_NAME": "nowhere"}, "there is no DynamoDB table nowhere in eu-central-1"),
        ({"STOCKWRIGHT_TABLE_NAME": "no"}, "DynamoDB refuses to open the table no: "),
        ({"AWS_REGION": "us-west-2"}, " in us-west-2: check STOCKWRIGHT_TABLE_NAME"),
        ({"AWS_REGION": ""}, "region"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "credentials"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be reached"),
    ],
    ids=["no table", "no name of a table", "another region", "no region", "no credentials", "nobody there"],
)
def test_settings_that_do_not_fit_stop_the_start_with_one_line(
    tmp_path: Path, env: dict[str, str], expected: str
) -> None:
    open_table(str(tmp_path))
    assert expected in refusal(tmp_path, **{**environment(str(tmp_path)), **env})
