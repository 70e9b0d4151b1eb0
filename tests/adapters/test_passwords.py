"""Passwords at rest: Argon2id, off the event loop, and nobody's takes as long as somebody's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from stockwright.adapters.passwords import Argon2Passwords


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    made = Argon2Passwords()
    yield made
    made.close()


async def test_the_right_password_matches_and_no_other_does(passwords: Argon2Passwords) -> None:
    kept = await passwords.hash("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert "correct" not in kept
    assert await passwords.verify(kept, "correct horse battery")
    assert not await passwords.verify(kept, "correct horse battery ")


async def test_each_hash_has_its_own_salt(passwords: Argon2Passwords) -> None:
    assert await passwords.hash("the same twice") != await passwords.hash("the same twice")


async def test_nobodys_password_matches_nothing(passwords: Argon2Passwords) -> None:
    for guess in ("", "nobody's password"):
        assert not await passwords.verify(None, guess)


async def test_a_broken_hash_matches_nothing(passwords: Argon2Passwords) -> None:
    assert not await passwords.verify("$argon2id$broken", "x")


async def test_the_event_loop_goes_on_while_passwords_are_hashed(passwords: Argon2Passwords) -> None:
    hashing = asyncio.gather(*[passwords.hash("x") for _ in range(6)])
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 10


async def test_an_unknown_account_takes_as_long_as_a_known_one(passwords: Argon2Passwords) -> None:
    kept = await passwords.hash("correct horse battery")

    async def seconds(password_hash: str | None) -> float:
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            await passwords.verify(password_hash, "wrong horse battery")
            taken.append(time.perf_counter() - began)
        return min(taken)

    assert 0.5 < await seconds(None) / await seconds(kept) < 2
