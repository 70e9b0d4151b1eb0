"""Sixteen clients at once, over HTTP, of a shop that is killed and paused meanwhile: every answer is one of one shop's.

A failure leaves its history in a file that its message names; `python -m tests.model.history FILE` checks it again.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e import fast_clock
from tests.e2e.fast_clock import FastClock
from tests.e2e.server import EMAIL, PASSWORD, Server, send
from tests.model.history import Asked, History, Try, check, request
from tests.proving import SECONDS, SEED, WORKERS

CLIENTS = 16
ROUND_SECONDS = 6.0
"""How long clients ask before their answers are checked."""
TIMES = 20
UNITS = 30
ACCOUNTS = {"alice": "alice@example.com", "bob": "bob@example.com", "admin": EMAIL}
TRY_AGAIN = {"IDEMPOTENCY_IN_PROGRESS", "BUSY"}
LONG = 60.0
LEFT = Path(__file__).parents[2] / "test-results"
"""Where a failure leaves its history."""


@dataclass
class Round:
    """One shop, its clients, and what becomes of it."""

    server: Server
    clock: FastClock
    dice: random.Random
    history: History
    passes: dict[str, str] = field(default_factory=dict)
    holds: list[str] = field(default_factory=list)
    orders: list[tuple[str, str]] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    survived: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def now(self) -> float:
        return self.clock.at(time.time() * 1000)

    # ---- what clients ask --------------------------------------------------------------------------------

    def next(self, number: int, turn: int) -> Asked:
        """Choose what a client does next; whatever was made by anybody may be meant."""
        dice, kinds = self.dice, ["reserve", "reserve", "order", "order", "sell", "adjust", "count", "transfer", "look"]
        kinds += ["confirm", "cancel", "extend", "look at hold"] if self.holds else []
        kinds += ["pack", "deliver", "call off", "return", "look at order"] if self.orders else []
        kind = dice.choice(kinds)
        products = sorted(self.history.products)
        product, units = dice.choice(products), dice.choice((1, 2, 3, 8))
        mine = dice.choice(("alice", "bob", "admin"))
        person, parts = "admin", dict[str, Any]()
        if kind == "reserve":
            wants = [[product, units, dice.choice((None, None, "default", "cellar"))]]
            wants += [[dice.choice(products), 1, None]] if dice.random() < 0.4 else []
            person, parts = mine, {"wants": wants, "minutes": dice.choice((1, 1, 2, 30))}
        elif kind in {"order", "sell"}:
            lines = [[product, units]] + ([[dice.choice(products), 1]] if dice.random() < 0.4 else [])
            person, parts = mine if kind == "order" else person, {"lines": lines}
        elif kind in {"confirm", "cancel", "extend", "look at hold"}:
            parts = {"hold": dice.choice(self.holds[-12:]), "minutes": dice.choice((1, 2))}
            person = person if kind == "look at hold" else mine
        elif kind in {"pack", "deliver", "call off", "return", "look at order"}:
            order, product = dice.choice(self.orders[-12:])
            person = mine if kind == "call off" else person
            parts = {"order": order, "product": product, "units": 1, "restock": dice.random() < 0.7}
        elif kind == "adjust":
            sort = dice.choice(("RESTOCK", "RESTOCK", "ADJUSTMENT", "SALE"))
            parts = {"product": product, "units": -units if sort == "ADJUSTMENT" else units, "type": sort}
            parts["location"] = dice.choice((None, "default", "cellar"))
        elif kind == "count":
            parts = {"product": product, "counted": dice.randrange(40), "location": dice.choice((None, "default"))}
        elif kind == "transfer":
            source, target = dice.sample(("default", "cellar"), 2)
            parts = {"product": product, "units": units, "from": source, "to": target}
        else:
            parts = {"product": product}
        return Asked(f"{number}-{turn}", person, kind, parts)

    async def client(self, number: int) -> None:
        async with httpx2.AsyncClient(base_url=f"{self.server.url}/api") as connection:
            turn = 0
            while not self.over:
                asked = self.next(number, turn)
                turn += 1
                self.history.asked[asked.key] = asked
                await self.ask_until_answered(connection, asked)
                await asyncio.sleep(self.dice.random() * 0.02)

    async def ask_until_answered(self, connection: httpx2.AsyncClient, asked: Asked) -> None:
        """Ask until there is an answer, always with the same key; sometimes with little patience."""
        method, path, body = request(asked)
        async with asyncio.timeout(LONG):
            while True:
                headers = {"authorization": self.passes[asked.person], "x-request-id": asked.key}
                if method != "GET":
                    headers["idempotency-key"] = asked.key
                patience = self.dice.choice((0.005, 0.01, 0.02, 0.05)) if self.dice.random() < 0.2 else LONG
                tried = Try(self.now())
                asked.tries.append(tried)
                try:
                    answer = await connection.request(method, path, json=body, headers=headers, timeout=patience)
                except httpx2.ConnectError:
                    # Nobody was there to be asked.
                    asked.tries.pop()
                    await asyncio.sleep(0.05)
                    continue
                except httpx2.TransportError:
                    continue
                reply = answer.json()
                assert answer.status_code < 500 or reply["error"]["code"] in TRY_AGAIN, (asked, reply)
                if not reply["success"] and reply["error"]["code"] in TRY_AGAIN:
                    await asyncio.sleep(0.02)
                    continue
                tried.end, tried.status = self.now(), answer.status_code
                tried.data = reply["data"] if reply["success"] else reply["error"]
                tried.replayed = "idempotency-replayed" in answer.headers
                break
        if tried.is_yes and asked.kind == "reserve":
            self.holds.append(tried.data["id"])
        if tried.is_yes and asked.kind == "order":
            self.orders.append((tried.data["id"], asked.parts["lines"][0][0]))

    # ---- what becomes of the shop --------------------------------------------------------------------------

    async def strike(self) -> None:
        """Kill it, or hold it still, again and again: all of its processes, or one of several workers."""
        first, later = ("pause", "kill"), ("kill", "pause", "pause")
        if self.server.workers():
            first, later = ("pause a worker", "kill a worker", *first), (*later, "kill a worker", "pause a worker")
        for blow in itertools.chain(first, (self.dice.choice(later) for _ in itertools.count())):
            await asyncio.sleep(self.dice.uniform(0.2, 1.2))
            if self.over:
                return
            self.struck[blow] += 1
            await asyncio.to_thread(self.strike_once, blow)
            if blow == "kill":
                self.survived.set()

    def strike_once(self, blow: str) -> None:
        workers = self.server.workers()
        if blow == "kill":
            self.server.kill()
            self.server.start()
        elif blow == "pause":
            self.server.pause(self.dice.uniform(0.02, 0.6))
        elif not workers:
            # It is being replaced.
            return
        elif blow == "kill a worker":
            send(self.dice.choice(workers), signal.SIGKILL)
        else:
            self.server.pause(self.dice.uniform(0.02, 0.6), self.dice.choice(workers))

    async def live(self) -> None:
        """Let everybody ask while the shop is struck; in the end everybody has an answer."""
        clients = [asyncio.create_task(self.client(number)) for number in range(CLIENTS)]
        striking = asyncio.create_task(self.strike())
        await asyncio.wait([*clients, striking], timeout=ROUND_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
        async with asyncio.timeout(LONG):
            await self.survived.wait()
        self.over = True
        await striking
        await asyncio.gather(*clients)

    # ---- before and after ------------------------------------------------------------------------------------

    async def open(self, client: httpx2.AsyncClient) -> None:
        """Open the shop: three people, three products, and a cellar that is used only when it is named."""
        admin = {"authorization": await self.sign_in(client, "admin")}
        for name in ("alice", "bob"):
            await client.post("/signup", json={"email": ACCOUNTS[name], "password": PASSWORD})
            await self.sign_in(client, name)
        await client.post("/locations", json={"id": "cellar"}, headers=admin)
        for name in ("pen", "cup", "lamp"):
            body = {"name": name, "sku": f"{name}-1", "description": "A thing to sell.", "category": "other",
                    "price": 250, "quantity": UNITS}  # fmt: skip
            made = (await client.post("/products", json=body, headers=admin)).json()["data"]
            self.history.products[made["id"]] = [made["sku"], 250, UNITS]
            body = {"productId": made["id"], "sku": made["sku"], "location": "cellar"}
            assert (await client.post("/inventory/initialize", json=body, headers=admin)).status_code == 201
        answer = await client.patch("/locations/cellar", json={"active": False}, headers=admin)
        assert answer.status_code == 200

    async def sign_in(self, client: httpx2.AsyncClient, name: str) -> str:
        answer = await client.post("/signin", json={"email": ACCOUNTS[name], "password": PASSWORD})
        self.passes[name] = f"Bearer {answer.json()['data']['idToken']}"
        return self.passes[name]

    async def everything(self, client: httpx2.AsyncClient, path: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        query |= {"limit": 100}
        while True:
            answer = await client.get(path, params=query, headers={"authorization": self.passes["admin"]})
            page = answer.json()["data"]
            found += page["items"]
            if page["nextToken"] is None:
                return found
            query["nextToken"] = page["nextToken"]

    async def look_at_everything(self, client: httpx2.AsyncClient) -> None:
        """The final reads: every level, hold and order, one by one, once nothing is left to be done."""
        deadline = time.monotonic() + LONG
        while any(order["status"] == "PENDING" for order in await self.everything(client, "/orders", scope="all")):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        looks = [("look", {"product": each}) for each in self.history.products]
        looks += [("look at hold", {"hold": each}) for each in self.holds]
        looks += [("look at order", {"order": each}) for each, _ in self.orders]
        for number, (kind, parts) in enumerate(looks):
            asked = Asked(f"last-{number}", "admin", kind, parts)
            self.history.asked[asked.key] = asked
            await self.ask_until_answered(client, asked)

    async def ledger(self, client: httpx2.AsyncClient) -> Counter[tuple[str, str, str, int]]:
        movements = await self.everything(client, "/inventory/movements")
        return Counter((each["productId"], each["location"], each["type"], each["quantity"]) for each in movements)


async def run_round(folder: Path, seed: int, workers: str) -> Counter[str]:
    """Let a shop live through one round, then check what it said; returns what there was."""
    server = Server(folder / "data", workers=workers)
    clock = FastClock(TIMES, time.time() * 1000)
    server.program = [sys.executable, fast_clock.__file__, str(TIMES), str(clock.since)]
    this = Round(server, clock, random.Random(seed), History({}))
    await asyncio.to_thread(server.start)
    try:
        async with httpx2.AsyncClient(base_url=f"{server.url}/api", timeout=LONG) as client:
            await this.open(client)
            before = await this.everything(client, "/events")
            await this.live()
            await this.look_at_everything(client)
            ledger = await this.ledger(client)
            this.history.events = (await this.everything(client, "/events"))[: -len(before)][::-1]
            letters = await this.everything(client, "/dead-letters")
        assert await asyncio.to_thread(server.stop) == 0
        audited = await asyncio.to_thread(server.command, "audit", "--json")
    finally:
        server.end()
    try:
        figures, shop = check(this.history)
        assert ledger == shop.ledger
        assert letters == []
        assert json.loads(audited.stdout)["clean"], audited.stdout
    except AssertionError as wrong:
        file = this.history.save(LEFT / f"history-{seed}.json")
        raise AssertionError(f"PROVE_SEED={seed}, python -m tests.model.history {file}: {wrong}") from wrong
    return figures + this.struck


@pytest.mark.slow
@pytest.mark.parametrize("workers", WORKERS)
async def test_answers_during_kills_and_pauses_are_consistent_with_one_shop(tmp_path: Path, workers: str) -> None:
    started, seed, figures = time.monotonic(), SEED, Counter[str]()
    while seed == SEED or time.monotonic() - started < SECONDS / len(WORKERS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        figures += await run_round(folder, seed, workers)
        seed += 1
    print(f"histories: {workers} workers, {seed - SEED} shops, {dict(figures)}")
    # Each of these must have happened, or nothing was proven.
    of_one = ("kill a worker", "pause a worker") if workers != "1" else ()
    for kind in ("reserve", "order", "count", "transfer", "kill", "pause", "never answered tries", *of_one):
        assert figures[kind], kind
