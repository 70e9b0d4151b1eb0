"""Passwords at rest: Argon2id, off the event loop, and nobody's takes as long as somebody's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, extract_parameters

from stockwright.adapters.passwords import Argon2Passwords


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    made = Argon2Passwords()
    yield made
    made.close()


async def test_the_right_password_matches_and_no_other_does(passwords: Argon2Passwords) -> None:
    hashed = await passwords.hash("correct horse battery")
    assert hashed.startswith("$argon2id$")
    assert "correct" not in hashed
    assert await passwords.verify(hashed, "correct horse battery")
    assert not await passwords.verify(hashed, "correct horse battery ")


async def test_each_hash_has_its_own_salt(passwords: Argon2Passwords) -> None:
    assert await passwords.hash("the same twice") != await passwords.hash("the same twice")


async def test_no_password_matches_a_missing_hash(passwords: Argon2Passwords) -> None:
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


async def test_an_unknown_account_costs_the_same_work_as_a_known_one(
    passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = await passwords.hash("correct horse battery")
    verified: list[str] = []
    verify = PasswordHasher.verify

    def noted(hasher: PasswordHasher, known: str, password: str) -> bool:
        verified.append(known)
        return verify(hasher, known, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    for password_hash in (None, hashed):
        assert not await passwords.verify(password_hash, "wrong horse battery")
    assert len(verified) == 2
    assert extract_parameters(verified[0]) == extract_parameters(verified[1])
