"""Accounts, their locks and sessions: the rules by themselves."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stockwright.accounts.attempts import LOCK_SECONDS_MAX, Attempts
from stockwright.accounts.model import (
    CODE_LASTS_MS,
    Account,
    Mfa,
    SignUpAgain,
    check_name,
    confirmed,
    confirmed_by,
    has_code,
    use_step,
    with_code,
    with_password,
    with_sessions_ended,
    with_sign_up,
)
from stockwright.base.actor import SYSTEM, Actor
from stockwright.base.email import check_new_email, email_spellings, normal_email
from stockwright.base.errors import AccountLocked, Forbidden, Invalid

NOW = 1_700_000_000_000
DAY = 24 * 3_600_000
ALICE = Account(id="usr_a", email="alice@example.com", role="admin", status="CONFIRMED", version=3)


def locked_seconds(failures: int) -> int:
    attempts, now = Attempts(), NOW
    for _ in range(failures):
        now = max(now, attempts.locked_until)
        attempts = attempts.failed(now)
    return max(0, attempts.locked_until - now) // 1000


def test_the_fifth_failure_locks_for_a_second_and_each_further_one_doubles_that_up_to_15_minutes() -> None:
    assert [locked_seconds(failures) for failures in range(1, 9)] == [0, 0, 0, 0, 1, 2, 4, 8]
    assert locked_seconds(14) == 512
    assert locked_seconds(15) == locked_seconds(500) == LOCK_SECONDS_MAX


def test_a_lock_says_when_to_try_again_and_ends_at_that_instant() -> None:
    locked = Attempts(failures=9, failed_at=NOW, locked_until=NOW + 16_000)
    with pytest.raises(AccountLocked) as refused:
        locked.check(NOW + 500)
    assert refused.value.retry_after_seconds == 16
    locked.check(NOW + 16_000)


def test_failures_are_forgotten_after_a_day_without_any() -> None:
    tired = Attempts(failures=12, failed_at=NOW)
    assert tired.failed(NOW + DAY - 1).failures == 13
    assert tired.failed(NOW + DAY).failures == 1


@pytest.mark.parametrize(
    "text",
    [
        "a@b.c",
        "Ada.Lovelace+shop@Example.COM",
        "  x@sub.example.org ",
        "o'neil@example.ie",
        "admin@localhost",
    ],
)
def test_valid_email_addresses_are_trimmed_and_lower_cased(text: str) -> None:
    assert normal_email(text) == text.strip().lower()


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("x@münchen.example", "x@xn--mnchen-3ya.example"),
        ("X@MÜNCHEN.example", "x@xn--mnchen-3ya.example"),
        ("x@xn--mnchen-3ya.example", "x@xn--mnchen-3ya.example"),
        ("x@mu\u0308nchen.example", "x@xn--mnchen-3ya.example"),
        ("x@straße.example", "x@xn--strae-oqa.example"),
        ("x@例え。jp", "x@xn--r8jz45g.jp"),
        ("x@ｓｈｏｐ．example", "x@shop.example"),
    ],
)
def test_an_internationalized_domain_is_stored_in_its_ascii_form(text: str, stored: str) -> None:
    assert normal_email(text) == check_new_email(text) == stored


@pytest.mark.parametrize(
    ("text", "expected"), [("ü@shop.example", "before the @"), ("a@b", "a dot"), ("a@münchen", "a dot")]
)
def test_a_new_email_address_must_be_valid_for_every_mail_server(text: str, expected: str) -> None:
    assert normal_email(text)
    with pytest.raises(Invalid) as refused:
        check_new_email(text, "mail")
    assert refused.value.details[0]["field"] == "mail"
    assert expected in refused.value.details[0]["message"]


def test_an_email_address_is_also_found_under_its_former_spelling() -> None:
    assert email_spellings("x@shop.example") == ("x@shop.example",)
    assert email_spellings("x@xn--mnchen-3ya.example") == ("x@xn--mnchen-3ya.example", "x@münchen.example")
    assert email_spellings("x@xn--\xff.example") == ("x@xn--\xff.example",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@b.c",
        "a@",
        "a@b@c.d",
        "a b@c.d",
        "a@b..c",
        ".a@b.c",
        "a..b@c.d",
        "a@-b.c",
        "a@b.c\nBcc: d@e.f",
        "a\x00@b.c",
        "<a@b.c>",
        "x" * 65 + "@b.c",
        "a@" + ("b" * 60 + ".") * 5 + "c",
    ],
)
def test_an_invalid_email_address_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        normal_email(text)
    found = "must be an email address of at most 254 characters"
    assert refused.value.details == [{"field": "email", "message": found}]


def test_an_email_address_has_at_most_254_characters() -> None:
    longest = "a@" + ".".join(["b" * 61] * 4) + ".cccc"
    assert len(longest) == 254
    assert normal_email(longest) == longest
    for wrong in (longest + "c", "a.@b.c"):
        with pytest.raises(Invalid):
            normal_email(wrong)


def test_a_name_is_trimmed_and_bounded() -> None:
    assert check_name("  Ada Lovelace ") == "Ada Lovelace"
    assert check_name("x" * 100) == "x" * 100
    for wrong in ("x" * 101, "a\nb", "a\x00"):
        with pytest.raises(Invalid) as refused:
            check_name(wrong)
        found = "must be at most 100 characters, without control characters"
        assert refused.value.details == [{"field": "name", "message": found}]


def test_only_the_last_code_of_a_purpose_is_valid_until_it_expires() -> None:
    account = with_code(with_code(ALICE, "reset", "first", NOW), "reset", "second", NOW)
    end = NOW + CODE_LASTS_MS["reset"]
    assert has_code(account, "reset", "second", end - 1)
    assert not has_code(account, "reset", "second", end)
    assert not has_code(account, "reset", "first", NOW)
    assert not has_code(account, "confirmation", "second", NOW)


def test_a_new_password_ends_earlier_sessions_and_reset_codes_but_not_the_confirmation() -> None:
    waiting = with_code(with_code(ALICE, "reset", "r", NOW), "confirmation", "c", NOW)
    after = with_password(waiting, "hash", NOW + 5)
    assert (after.password_hash, after.updated_at, after.sessions_ended_at) == ("hash", NOW + 5, NOW + 5)
    assert (after.generation, with_sessions_ended(after, NOW + 6).generation) == (2, 3)
    assert not has_code(after, "reset", "r", NOW)
    assert has_code(after, "confirmation", "c", NOW)


def test_confirming_again_changes_nothing() -> None:
    once = confirmed(replace(ALICE, status="UNCONFIRMED"), NOW)
    assert once.is_confirmed
    assert once.updated_at == NOW
    assert confirmed(once, NOW + 1) == once


def test_each_further_sign_up_has_its_own_code_and_that_confirms_its_name_and_password() -> None:
    account = replace(ALICE, status="UNCONFIRMED", password_hash="first")
    account = with_code(account, "confirmation", "1", NOW)
    for name in ("two", "three"):
        account = with_sign_up(account, SignUpAgain(name, name.title(), f"hash {name}"))
        account = with_code(account, "confirmation", name, NOW, name)
    assert [has_code(account, "confirmation", code, NOW) for code in ("1", "two", "three", "four")] == [1, 1, 1, 0]
    assert not has_code(account, "confirmation", "two", NOW + CODE_LASTS_MS["confirmation"])
    assert not has_code(account, "reset", "two", NOW)

    first, second = confirmed_by(account, "1", NOW), confirmed_by(account, "two", NOW)
    assert (first.name, first.password_hash, first.further) == (account.name, "first", ())
    assert (second.name, second.password_hash, second.further) == ("Two", "hash two", ())
    assert second.is_confirmed
    assert has_code(second, "confirmation", "two", NOW)
    assert not has_code(second, "confirmation", "three", NOW)


def test_only_the_newest_four_further_sign_ups_stay_pending() -> None:
    account = replace(ALICE, status="UNCONFIRMED")
    for number in range(6):
        account = with_sign_up(account, SignUpAgain(f"sgn_{number}", "", "hash"))
    assert [each.id for each in account.further] == ["sgn_2", "sgn_3", "sgn_4", "sgn_5"]
    assert "hash" not in repr(account.further)


def test_a_totp_step_is_used_once_and_no_earlier_one_after_it() -> None:
    used = use_step(Mfa("SECRET", confirmed=True, last_step=10), 12)
    assert used is not None
    assert used.last_step == 12
    assert use_step(used, 12) is use_step(used, 11) is None


def test_a_printed_account_holds_no_secret() -> None:
    found = repr(with_code(replace(ALICE, password_hash="$argon2", mfa=Mfa("SEED")), "reset", "c0de", NOW))
    assert not any(secret in found for secret in ("$argon2", "SEED", "c0de"))


def test_an_account_is_read_by_its_owner_and_by_admins_only() -> None:
    alice, boss = Actor("usr_a", "account", "customer"), ALICE.as_actor()
    assert (boss.id, boss.kind, boss.role, boss.email) == ("usr_a", "account", "admin", "alice@example.com")
    assert (boss.scopes, boss.is_admin, SYSTEM.is_admin, alice.is_admin) == (frozenset(), True, True, False)
    assert alice.owns("usr_a")
    alice.must_reach("usr_a", "order")
    boss.must_reach("usr_b", "order")
    with pytest.raises(Forbidden) as refused:
        alice.must_reach("usr_b", "order")
    assert refused.value.message == "You do not have permission to access this order"


def test_a_lock_ends_to_the_millisecond_and_is_shown_in_whole_seconds() -> None:
    attempts = Attempts()
    for failures in range(1, 5):
        attempts = attempts.failed(NOW)
        assert (attempts.failures, attempts.locked_until) == (failures, NOW)
    attempts = attempts.failed(NOW)
    assert (attempts.failed_at, attempts.locked_until) == (NOW, NOW + 1000)
    attempts.check(NOW + 1000)
    for after, found in ((0, 2), (1, 2), (1000, 1), (1999, 1)):
        with pytest.raises(AccountLocked) as refused:
            attempts.failed(NOW).check(NOW + after)
        assert refused.value.retry_after_seconds == found
    with pytest.raises(AccountLocked) as refused:
        attempts.failed(NOW).check(NOW + 999)
    assert refused.value.retry_after_seconds == 2
