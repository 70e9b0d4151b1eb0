"""Tokens of lists: nobody can make one, bend one, or use one of another list."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as some

from stockwright.base.errors import Invalid
from stockwright.http.cursor import seal, unseal

pytestmark = pytest.mark.one_engine

KEY = b"k" * 32


def test_the_last_page_has_no_token() -> None:
    assert seal(KEY, "/products", None) is None


@given(some.text(max_size=200), some.text(max_size=50))
def test_a_token_returns_its_position(position: str, name: str) -> None:
    token = seal(KEY, name, position)

    assert token is not None
    assert unseal(KEY, name, token) == position


def test_a_token_belongs_to_one_list_of_one_shop() -> None:
    token = seal(KEY, "/products?a", "prd_1") or ""

    for key, name in ((KEY, "/products?b"), (KEY, "/orders?a"), (b"x" * 32, "/products?a")):
        with pytest.raises(Invalid):
            unseal(key, name, token)


def test_every_manipulated_token_is_refused() -> None:
    token = seal(KEY, "list", "prd_0123456789") or ""
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))

    for index in range(len(raw)):
        bent = bytearray(raw)
        bent[index] ^= 1
        with pytest.raises(Invalid):
            unseal(KEY, "list", base64.urlsafe_b64encode(bytes(bent)).decode().rstrip("="))


@pytest.mark.parametrize("bent", ["{}!!!!", "{}====", "*{}~~~", "{}\n", "{}="])
def test_additional_characters_around_a_token_are_refused(bent: str) -> None:
    for position in ("prd_0123456789", "prd_01234567890", "prd_012345678901"):
        token = seal(KEY, "list", position) or ""
        assert unseal(KEY, "list", token) == position
        with pytest.raises(Invalid):
            unseal(KEY, "list", bent.format(token))


@pytest.mark.parametrize("token", ["", "a", "!!!!", "é", "a" * 2047, "a" * 3000, "....", "=" * 8, "\x00" * 8])
def test_a_malformed_token_is_refused(token: str) -> None:
    with pytest.raises(Invalid):
        unseal(KEY, "list", token)
