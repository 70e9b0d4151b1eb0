"""API keys: their shape, their checksum, their names and scopes."""

from __future__ import annotations

import hashlib

import pytest

from stockwright.accounts.api_key import (
    ApiKey,
    check_key_name,
    check_scopes,
    is_well_formed,
    key_hash,
    key_text,
    looks_like_key,
)
from stockwright.base.actor import SCOPES
from stockwright.base.errors import Invalid

NOW = 1_700_000_000_000
KEY = "sw_aaaqeayeaudaocajbifqydiob4ibceqtsvnkyqa"


def test_the_text_form_of_a_key_never_changes() -> None:
    # A change of this would make nobody's keys work any more.
    assert key_text(bytes(range(20))) == KEY
    assert key_hash(KEY) == hashlib.sha256(KEY.encode()).hexdigest()
    assert is_well_formed(KEY)
    assert looks_like_key(KEY)
    assert not looks_like_key("eyJhbGciOi")


def test_a_typing_error_in_a_key_is_detected_from_its_text() -> None:
    for index in range(3, len(KEY)):
        other = "a" if KEY[index] != "a" else "b"
        assert not is_well_formed(KEY[:index] + other + KEY[index + 1 :])
    assert not is_well_formed(KEY[:-1])
    assert not is_well_formed(f"{KEY}a")
    assert not is_well_formed(f"{KEY}\n")
    assert not is_well_formed(KEY.upper())
    assert not is_well_formed("sw_")


def test_a_key_acts_as_a_machine_with_its_scopes() -> None:
    key = ApiKey("key_1", "Till", ("sales", "metrics"), "hash", "hint", NOW, "usr_admin")
    actor = key.as_actor()
    assert (actor.id, actor.kind, actor.scopes, actor.is_admin) == ("key_1", "key", {"sales", "metrics"}, False)
    assert key.version == 0


def test_the_last_use_of_a_key_is_stored_to_the_minute() -> None:
    assert ApiKey("k", "Till", (), "", "", NOW, "usr").is_stale(NOW)
    used = ApiKey("k", "Till", (), "", "", NOW, "usr", last_used_at=NOW)
    assert not used.is_stale(NOW + 59_999)
    assert used.is_stale(NOW + 60_000)


@pytest.mark.parametrize("name", ["T", "n" * 100, "  Till 3  "])
def test_a_name_is_trimmed(name: str) -> None:
    assert check_key_name(name) == name.strip()


@pytest.mark.parametrize("name", ["", "   ", "n" * 101, "a\nb", "\x7f"])
def test_a_name_has_1_to_100_visible_characters(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_key_name(name)
    assert refused.value.details == [{"field": "name", "message": "must be 1 to 100 printable characters"}]


def test_scopes_are_sorted_without_duplicates() -> None:
    assert check_scopes(["metrics", "inventory", "metrics"]) == ("inventory", "metrics")
    assert check_scopes(SCOPES) == SCOPES


@pytest.mark.parametrize("scopes", [[], ["everything"], ["sales", "admin"]])
def test_an_unknown_scope_is_refused(scopes: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        check_scopes(scopes)
    assert refused.value.details == [{"field": "scopes", "message": f"must be one or more of {', '.join(SCOPES)}"}]
