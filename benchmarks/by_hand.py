"""The reference: the same order written by hand, one transaction each, typed tables, the same fsync."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SCHEMA = """
CREATE TABLE stock (id INTEGER PRIMARY KEY, available INTEGER NOT NULL, reserved INTEGER NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, buyer TEXT NOT NULL, total INTEGER NOT NULL, status TEXT NOT NULL);
CREATE TABLE line (order_id INTEGER NOT NULL, stock_id INTEGER NOT NULL, quantity INTEGER NOT NULL);
CREATE TABLE event (id INTEGER PRIMARY KEY, name TEXT NOT NULL, order_id INTEGER NOT NULL);
CREATE INDEX orders_buyer ON orders (buyer);
"""


def place(connection: sqlite3.Connection, lines: list[int]) -> None:
    """Take one unit of each, write the order, its lines and its event."""
    connection.execute("BEGIN IMMEDIATE")
    for product in lines:
        taken = connection.execute(
            "UPDATE stock SET available = available - 1, reserved = reserved + 1 WHERE id = ? AND available >= 1",
            (product,),
        )
        if not taken.rowcount:
            connection.execute("ROLLBACK")
            return
    order = connection.execute("INSERT INTO orders (buyer, total, status) VALUES ('alice', 3000, 'PENDING')").lastrowid
    connection.executemany("INSERT INTO line VALUES (?, ?, 1)", [(order, product) for product in lines])
    connection.execute("INSERT INTO event (name, order_id) VALUES ('order.placed', ?)", (order,))
    connection.execute("COMMIT")


def run(folder: Path, callers: int, seconds: float, products: int = 5000) -> tuple[float, float]:
    """Place orders from that many threads; returns orders per second and the p99 in milliseconds."""
    file = folder / "by-hand.db"
    own = threading.local()

    opened: list[sqlite3.Connection] = []

    def connection() -> sqlite3.Connection:
        if not hasattr(own, "connection"):
            own.connection = sqlite3.connect(file, isolation_level=None, timeout=60, check_same_thread=False)
            opened.append(own.connection)
            own.connection.execute("PRAGMA synchronous=FULL")
        mine: sqlite3.Connection = own.connection
        return mine

    first = connection()
    first.execute("PRAGMA journal_mode=WAL")
    first.executescript(SCHEMA)
    first.execute("BEGIN")
    first.executemany("INSERT INTO stock VALUES (?, 1000000, 0)", [(number,) for number in range(products)])
    first.execute("COMMIT")
    took: list[float] = []
    until = time.perf_counter() + seconds

    def caller(number: int) -> None:
        at = number
        while (begun := time.perf_counter()) < until:
            place(connection(), [(at * 7 + part * 31) % products for part in range(3)])
            took.append(time.perf_counter() - begun)
            at += callers

    started = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(caller, range(callers)))
    elapsed = time.perf_counter() - started
    for each in opened:
        each.close()
    took.sort()
    return len(took) / elapsed, took[len(took) * 99 // 100] * 1000
