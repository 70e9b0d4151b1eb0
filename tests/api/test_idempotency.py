"""Idempotency-Key: the same key and request have one effect and one answer (SPEC §2)."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from stockwright.asgi import build_asgi
from stockwright.context import App
from stockwright.routes import ROUTES
from stockwright.store.port import Decision, Item, Key, Put, Store, Write
from tests.api.asking import Answer, Client
from tests.api.conftest import Made, asking
from tests.api.scene import GOOD, Ask, Scene

EXECUTED_AGAIN = {
    ("POST", "/signin"): "its answer holds tokens, which are not stored",
    ("POST", "/users/login"): "the same",
    ("POST", "/auth/login"): "the same",
    (
        "POST",
        "/token/refresh",
    ): "the same; with its key it gets the same refresh token again (tests/api/test_accounts.py)",
    ("POST", "/users/me/mfa"): "the set-up's answer holds a secret; with its key it gets the same again",
    ("POST", "/signout"): "a session that has ended stays ended",
    ("POST", "/inventory/check-availability"): "it changes nothing",
    ("POST", "/imports/columns"): "it changes nothing",
}
"""Routes that store no answer under the key, and why: the same request is executed again."""
ENDS_ITS_CALLER = {("DELETE", "/users/me")}
"""Nobody can repeat it: who asked is no longer there (tests/retention/test_erasing.py)."""
ON_EVERY_ENGINE = {("POST", "/orders"), ("POST", "/sales"), ("PATCH", "/inventory/product/{productId}/stock")}
"""One of each kind of commit: the answer known before it, a till's, and the answer that is only known after it."""
ANSWERED_BEFORE_THE_END = {
    ("POST", "/inventory/import"),
    ("POST", "/products/import"),
    ("POST", "/imports/{id}/undo"),
}
"""Until they are done, and after a crash, the same key is answered how far that was: 202."""
SHOWN_ONCE = {("POST", "/api-keys"): "key"}
CHANGING = [(route.method, route.path) for route in ROUTES if route.takes_key]
ONCE = [each for each in CHANGING if each not in EXECUTED_AGAIN and each not in ENDS_ITS_CALLER]
BY_ROUTE = pytest.mark.parametrize(("method", "path"), ONCE, ids=lambda text: text)
OF_EACH_KIND = pytest.mark.parametrize(
    ("method", "path"),
    [pytest.param(*each, marks=[] if each in ON_EVERY_ENGINE else [pytest.mark.one_engine]) for each in ONCE],
    ids=lambda text: text,
)


class Died(BaseException):
    """The process ended."""


class Dying:
    """The store of a process that ends right after the commit of a request with an Idempotency-Key."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Write]) -> None:
        await self._store.commit(writes)
        self._end_after(writes)

    async def decide(self, key: Key, decision: Decision) -> None:
        decided: list[Write] = []

        def noting(item: Item | None) -> Sequence[Write]:
            decided[:] = decision(item)
            return decided

        await self._store.decide(key, noting)
        self._end_after(decided)

    def _end_after(self, writes: Sequence[Write]) -> None:
        if any(isinstance(each, Put) and each.key[0].startswith("IDEMPOTENCY#") for each in writes):
            raise Died


def comparable(answer: Answer, method: str, path: str) -> Any:
    """The data of an answer, without the fields that only the first answer shows."""
    if (method, path) in ANSWERED_BEFORE_THE_END:
        return answer.data["importId"]
    return {name: value for name, value in answer.data.items() if name != SHOWN_ONCE.get((method, path))}


def with_more(ask: Ask) -> Ask:
    """The same request with another body."""
    body = ask.body + b"\n" if isinstance(ask.body, bytes) else {**(ask.body or {}), "extra": 1}
    return replace(ask, body=body)


def test_every_route_that_changes_something_is_tested_here() -> None:
    assert GOOD.keys() == set(CHANGING)
    assert EXECUTED_AGAIN.keys() <= GOOD.keys()


@OF_EACH_KIND
async def test_an_idempotency_key_is_reusable_after_a_refusal_and_after_it_expires(
    scene: Scene, engine: str, method: str, path: str
) -> None:
    ask = await scene.ask(method, path)
    other = with_more(ask)
    await refused(scene, ask, path)

    first = await scene.send(ask, "k-1")
    assert first.status in {200, 201}, first.response.text
    assert not first.replayed

    for _ in range(2):
        # At once, and almost a day later.
        await scene.client(ask.email)
        before = await scene.happened()
        again = await scene.send(ask, "k-1")
        assert again.replayed
        assert (again.status, comparable(again, method, path)) == (first.status, comparable(first, method, path))
        assert again.headers.get("etag") == first.headers.get("etag")
        assert (await scene.send(other, "k-1")).refusal == (422, "IDEMPOTENCY_KEY_REUSED")
        assert await scene.happened() == before
        scene.clock.advance(minutes=24 * 60 - 1)
        await scene.app.store.purge(scene.clock.now() // 1000)

    if engine != "sqlite":
        return  # There the engine itself forgets what is past its time, by its own clock.
    scene.clock.advance(minutes=2)
    await scene.app.store.purge(scene.clock.now() // 1000)
    await scene.client(ask.email)
    other_answer = await scene.send(other, "k-1")
    assert not other_answer.replayed
    assert other_answer.status != 422


async def refused(scene: Scene, ask: Ask, path: str) -> None:
    """Send a request that is refused in every way its route knows: nothing happens, and its key stays free."""
    route = next(route for route in ROUTES if (route.method, route.path) == (ask.method, path))
    before = await scene.happened()
    if route.body is not None:
        broken = await scene.clients[ask.email].ask(ask.method, ask.path, raw=b'{"x"', key="k-1")
        assert broken.refusal == (400, "VALIDATION_ERROR")
    if 412 in route.errors:
        late = await scene.send(ask, "k-1", headers={"if-match": '"999"'})
        assert late.refusal == (412, "VERSION_CONFLICT")
    if "{" in path:
        nothing = "none" if path == "/categories/{name}" else "nothing_there"
        lost = await scene.send(replace(ask, path=re.sub(r"{\w+}", nothing, path)), "k-1")
        assert lost.refusal == (404, "NOT_FOUND")
    assert await scene.happened() == before


@OF_EACH_KIND
async def test_a_change_that_had_no_effect_has_none_when_it_is_repeated_later(
    scene: Scene, method: str, path: str
) -> None:
    ask = await scene.ask(method, path)
    assert (await scene.send(ask, "k-1")).status in {200, 201}
    second = await scene.send(ask, "k-2")
    if second.status >= 400:
        return  # A refused request is executed again.
    third = await scene.send(ask, "k-2")
    assert third.replayed
    assert (third.status, comparable(third, method, path)) == (second.status, comparable(second, method, path))
    assert (await scene.send(with_more(ask), "k-2")).status == 422


async def test_a_repeated_count_that_had_no_difference_books_nothing_after_a_sale(admin: Client, made: Made) -> None:
    chair = await made(quantity=10)
    counted = {"productId": chair["id"], "quantity": 10, "reason": "Stock-take"}
    assert (await admin.put("/stock", counted, key="k-1")).status == 200
    await admin.post("/sales", {"items": [{"productId": chair["id"], "quantity": 3}]})

    again = await admin.put("/stock", counted, key="k-1")
    assert again.replayed
    assert (await admin.get(f"/inventory/product/{chair['id']}")).data["totalStock"] == 7


async def test_each_step_of_an_order_is_replayed_to_the_byte_whatever_came_after_it(admin: Client, made: Made) -> None:
    chair, table = await made(quantity=10), await made(quantity=10)
    items = [{"productId": chair["id"], "quantity": 2}, {"productId": table["id"], "quantity": 1}]
    order = (await admin.post("/orders", {"items": items}, key="k-place")).data["id"]
    returned = {"items": [{"productId": chair["id"], "quantity": 1}], "reason": "Too high"}
    steps: list[tuple[str, Any]] = [("pack", {}), ("deliver", {}), ("returns", returned), ("cancel", {})]
    first = {"place": await admin.post("/orders", {"items": items}, key="k-place")}
    for step, body in steps:
        first[step] = await admin.post(f"/orders/{order}/{step}", body, key=f"k-{step}")
    for step, body in [("place", {"items": items}), *steps]:
        path = "/orders" if step == "place" else f"/orders/{order}/{step}"
        again = await admin.post(path, body, key=f"k-{step}")
        assert again.replayed or again.status >= 400
        assert parts_but_meta(again) == parts_but_meta(first[step])


def parts_but_meta(answer: Answer) -> tuple[int, str, str | None]:
    """The answer as it came, but for the id and the time of the request."""
    return answer.status, answer.response.text.partition('"meta"')[0], answer.headers.get("etag")


@BY_ROUTE
@pytest.mark.one_engine
async def test_fifty_identical_requests_at_once_have_one_effect(scene: Scene, method: str, path: str) -> None:
    ask = await scene.ask(method, path)
    # A second process of the same shop knows nothing of what is under way in the first.
    async with asking(build_asgi(scene.app)) as elsewhere:
        here = scene.clients[ask.email]
        twin = Client(elsewhere, here.authorization)
        answers: list[Answer] = await asyncio.gather(
            *(client.ask(method, ask.path, ask.body, key="once") for _ in range(25) for client in (here, twin))
        )

    done = [answer for answer in answers if answer.status < 300]
    assert sum(not answer.replayed for answer in done) == 1
    assert len({str(comparable(answer, method, path)) for answer in done}) == 1
    refused = {answer.refusal for answer in answers if answer.status >= 300}
    # The first one ended the session: twins get 401, and those that overtake it get 409.
    assert refused <= {(409, "IDEMPOTENCY_IN_PROGRESS"), (401, "UNAUTHORIZED"), (429, "ACCOUNT_LOCKED")}
    await scene.client(ask.email)
    assert (await scene.send(ask, "once")).replayed


@BY_ROUTE
@pytest.mark.one_engine
async def test_a_change_before_a_crash_is_replayed_after_it(scene: Scene, method: str, path: str) -> None:
    ask = await scene.ask(method, path)
    dying: Any = Dying(scene.app.store)
    async with asking(build_asgi(msgspec.structs.replace(scene.app, store=dying))) as http:
        with pytest.raises(Died):
            await Client(http, scene.clients[ask.email].authorization).ask(method, ask.path, ask.body, key="k-1")
    before = await scene.happened()
    await scene.client(ask.email)
    before = await scene.happened()

    again = await scene.send(ask, "k-1")
    assert again.status in ({202} if (method, path) in ANSWERED_BEFORE_THE_END else {200, 201}), again.response.text
    assert again.replayed
    assert await scene.happened() == before
    other = await scene.send(with_more(ask), "k-1")
    assert other.refusal == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(("method", "path"), EXECUTED_AGAIN, ids=lambda text: text)
@pytest.mark.one_engine
async def test_routes_that_store_no_answer_execute_a_repeated_request_again(
    scene: Scene, method: str, path: str
) -> None:
    ask = await scene.ask(method, path)
    first, again = await scene.send(ask, "k-1"), await scene.send(ask, "k-1")
    assert first.status == again.status == 200
    assert not again.replayed
    assert "IDEMPOTENCY" not in scene.stored()


async def state(app: App) -> int:
    """How much was written down so far: each change appends to the log."""
    return len(await app.store.tail(limit=1000))


async def test_the_same_key_fifty_times_at_once_makes_one_order(
    app: App, admin: Client, alice: Client, made: Made
) -> None:
    product = await made(quantity=100)
    body = {"productId": product["id"], "quantity": 1}
    # A second process of the same shop knows nothing of what is under way in the first.
    async with asking(build_asgi(app)) as elsewhere:
        other = Client(elsewhere, alice.authorization)
        answers: list[Answer] = await asyncio.gather(
            *(client.post("/orders", body, key="once") for _ in range(25) for client in (alice, other))
        )

    statuses = Counter(answer.status for answer in answers)
    assert statuses.keys() <= {201, 409}
    assert {answer.refusal[1] for answer in answers if answer.status == 409} <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert len({answer.data["id"] for answer in answers if answer.status == 201}) == 1
    assert sum(answer.status == 201 and not answer.replayed for answer in answers) == 1
    assert len((await alice.get("/orders")).data["items"]) == 1
    assert (await admin.get(f"/products/{product['id']}")).data["quantity"] == 99
    assert (await alice.post("/orders", body, key="once")).replayed


async def test_an_idempotency_key_belongs_to_one_person(alice: Client, bob: Client, made: Made) -> None:
    body = {"productId": (await made())["id"], "quantity": 1}

    first, second = await alice.post("/orders", body, key="k"), await bob.post("/orders", body, key="k")

    assert first.data["id"] != second.data["id"]
    assert not second.replayed


async def test_an_idempotency_key_belongs_to_one_request(admin: Client, made: Made) -> None:
    product = await made()
    path = f"/products/{product['id']}"
    assert (await admin.patch(path, {"price": 1}, key="k")).status == 200

    for answer in (
        await admin.put(path, {"price": 1}, key="k"),
        await admin.patch(path, {"price": 2}, key="k"),
        await admin.patch(f"{path}?_=1", {"price": 1}, key="k"),
        await admin.put("/stock", {"productId": product["id"], "quantity": 1}, key="k"),
    ):
        assert answer.refusal == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (await admin.get(path)).data["price"] == 1


async def test_a_refused_request_does_not_use_up_its_key(admin: Client, alice: Client, made: Made) -> None:
    product = await made(quantity=1)
    body = {"productId": product["id"], "quantity": 2}

    assert (await alice.post("/orders", body, key="k")).refusal == (409, "INSUFFICIENT_STOCK")
    await admin.patch(f"/inventory/product/{product['id']}/stock", {"quantity": 5, "type": "RESTOCK"})
    assert (await alice.post("/orders", body, key="k")).status == 201


async def test_a_completed_change_is_replayed_even_if_it_would_be_refused_now(
    admin: Client, alice: Client, made: Made
) -> None:
    product = await made(quantity=1)
    order = await alice.post("/orders", {"productId": product["id"], "quantity": 1}, key="k")

    again = await alice.post("/orders", {"productId": product["id"], "quantity": 1}, key="k")
    assert (again.replayed, again.data) == (True, order.data)
    await admin.post(f"/orders/{order.data['id']}/cancel")
    await admin.delete(f"/products/{product['id']}", key="d")
    assert (await admin.delete(f"/products/{product['id']}", key="d")).replayed
    assert (await alice.post("/orders", {"productId": product["id"], "quantity": 1}, key="k")).replayed


async def test_a_replay_has_its_own_request_id(alice: Client, made: Made) -> None:
    body = {"productId": (await made())["id"], "quantity": 1}
    first = await alice.post("/orders", body, key="k", headers={"x-request-id": "one"})
    again = await alice.post("/orders", body, key="k", headers={"x-request-id": "two"})

    assert (first.json["meta"]["requestId"], again.json["meta"]["requestId"]) == ("one", "two")


@pytest.mark.parametrize("key", [b"", b" ", b"a b", b"x" * 256, b"\xc3\xa9", b"a\tb", b"a\x7f"])
async def test_a_key_is_1_to_255_printable_characters(admin: Client, key: bytes) -> None:
    headers = [(b"authorization", (admin.authorization or "").encode()), (b"idempotency-key", key)]
    response = await admin.http.request("POST", "/api/categories", json={"name": "garden"}, headers=headers)

    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["field"] == "Idempotency-Key"


async def test_a_key_of_255_characters_is_accepted(admin: Client) -> None:
    assert (await admin.post("/categories", {"name": "garden"}, key="x" * 255)).status == 201


async def test_a_get_ignores_the_idempotency_key(admin: Client, made: Made) -> None:
    await made()

    assert (await admin.get("/products", key="k")).status == 200
    assert (await admin.post("/categories", {"name": "garden"}, key="k")).status == 201
