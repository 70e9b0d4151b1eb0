"""Which passwords are taken."""

from __future__ import annotations

import pytest

from stockwright.accounts.password import check_password, is_common, normal_password
from stockwright.base.errors import Invalid

EMAIL = "ada.lovelace1@example.com"
SHORT = (
    "must be at least 8 characters with an upper-case letter, a lower-case letter and a digit, "
    "or a passphrase of 15 or more"
)


@pytest.mark.parametrize(
    "password",
    [
        "Blauwal7",
        "Tr0ub4dor&3",
        "correct horse battery staple",
        "x1y2z3 and then some",
        "Ünïcode9x",
        "aB3" + "defghijk" * 31,
        "aB3" + "defghijk" * 31 + "lmnop",
        "Zqxvj7Zq" + "xvj",
    ],
)
def test_mixed_passwords_of_8_and_passphrases_of_15_characters_are_accepted(password: str) -> None:
    assert check_password(password, EMAIL)


@pytest.mark.parametrize(
    "password",
    ["", "Ab1", "Blauwa7", "blauwal7", "BLAUWAL7", "Blauwale", "fourteen chars", "Aa1" + "bcdefghi" * 32],
)
def test_short_simple_and_very_long_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, EMAIL)
    found = SHORT if len(password) < 256 else "must be at most 256 characters"
    assert refused.value.details == [{"field": "password", "message": found}]


@pytest.mark.parametrize("password", ["ﬀ" * 100 + "aB3" + "defgh" * 11, "e\u0301" * 100 + "aB3" + "defgh" * 11])
def test_a_password_that_is_too_long_as_typed_or_normalized_is_refused(password: str) -> None:
    """One is longer as it is compared, the other as it was typed."""
    with pytest.raises(Invalid):
        check_password(password, EMAIL)


def test_five_different_characters_are_enough() -> None:
    assert check_password("Zqxvj Zjvxq Vqzxj", EMAIL) == "Zqxvj Zjvxq Vqzxj"
    assert check_password("zqxvjvxqzjvzqxj", EMAIL)
    with pytest.raises(Invalid):
        check_password("zqxvvvxqzqvzqxq", EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "Password1",
        "Password123!",
        "Sunshine12345!!",
        "P@ssw0rd1",
        "Qwerty123",
        "Admin123",
        "Welcome@123",
        "Summer2024!",
        "Abcd1234",
        "1q2W3e4R5t",
        "correcthorsebatterystaple",
        "passwordpassword",
        "Passwordpassword1",
        "aaaaaaaaaaaaaaaa",
        "abababababababab",
        "123456789012345",
        "abcdefghijklmnop",
        "ponmlkjihgfedcba",
        "qwertyuiopasdfgh",
    ],
)
def test_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, EMAIL)
    found = "is too common; choose one that others do not use"
    assert refused.value.details == [{"field": "password", "message": found}]


def test_a_password_that_is_hardly_more_than_a_common_ending_is_checked_too() -> None:
    assert not is_common("x12345!!")
    assert is_common("abc12345")


def test_the_email_address_is_refused_as_password() -> None:
    with pytest.raises(Invalid, match="Validation") as refused:
        check_password(EMAIL.title(), EMAIL, "newPassword")
    assert refused.value.details == [{"field": "newPassword", "message": "must not be your email address"}]


def test_unicode_forms_of_one_password_are_the_same_password() -> None:
    assert normal_password("Cafe\u0301 am Markt 7") == normal_password("Caf\u00e9 am Markt 7")
