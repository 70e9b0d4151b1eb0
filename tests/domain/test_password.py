"""Which passwords are taken."""

from __future__ import annotations

import pytest

from stockwright.domain.errors import Invalid
from stockwright.domain.password import check_password, normal_password

EMAIL = "ada.lovelace1@example.com"


@pytest.mark.parametrize(
    "password",
    [
        "Blauwal7",
        "Tr0ub4dor&3",
        "correct horse battery staple",
        "x1y2z3 and then some",
        "Ünïcode9x",
        "aB3" + "defghijk" * 31,
    ],
)
def test_mixed_ones_of_8_and_passphrases_of_15_are_taken(password: str) -> None:
    assert check_password(password, EMAIL)


@pytest.mark.parametrize(
    "password",
    ["", "Ab1", "Blauwa7", "blauwal7", "BLAUWAL7", "Blauwale", "fourteen chars", "Aa1" + "bcdefghi" * 32],
)
def test_short_plain_and_endless_ones_are_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_password(password, EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "Password1",
        "Password123!",
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
def test_the_ones_that_are_tried_first_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, EMAIL)
    assert "common" in refused.value.details[0]["message"]


def test_the_email_is_no_password() -> None:
    with pytest.raises(Invalid, match="Validation") as refused:
        check_password(EMAIL.title(), EMAIL, "newPassword")
    assert refused.value.details[0]["field"] == "newPassword"


def test_one_password_typed_on_two_keyboards_is_the_same() -> None:
    assert normal_password("Cafe\u0301 am Markt 7") == normal_password("Caf\u00e9 am Markt 7")
