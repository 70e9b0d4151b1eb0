"""What a password must be (S2 and NIST SP 800-63B-4 section 3.1.1)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from stockwright.base.errors import Invalid

LENGTH_MIN: Final = 8
PASSPHRASE_MIN: Final = 15
LENGTH_MAX: Final = 256
DIFFERENT_CHARACTERS_MIN: Final = 5
ENDING_MAX: Final = 7
_ENDING = re.compile(
    r"(?:\d|0\d|1[0-3]|2[0-6]|11|22|33|44|55|66|69|77|88|99|000|007|111|666|777|[@#_-]?123|321|[@#_-]?1234|12345|"
    r"(?:19|20)\d\d)?[!@#$.*?]{0,2}"
)
"""What people put behind a common word to satisfy a rule: password1, Welcome123!, Summer2024."""
_DISGUISE = str.maketrans("@4310$57", "aaeiosst")
_RUNS = ("0123456789" * 3, "abcdefghijklmnopqrstuvwxyz" * 2, "qwertyuiopasdfghjklzxcvbnm" * 2)


def normal_password(password: str) -> str:
    """Return the one form of a password that is hashed and compared (NFKC, as NIST says)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, email: str, field: str = "password") -> str:
    """Return a password in its normal form, or refuse it.

    8 characters or more with an upper-case letter, a lower-case letter and a digit, or any
    passphrase of 15 or more; at most 256; not a common one and not the email.
    """
    text = normal_password(password)
    if len(password) > LENGTH_MAX or len(text) > LENGTH_MAX:
        raise Invalid.field(field, f"must be at most {LENGTH_MAX} characters")
    mixed = all(any(map(kind, text)) for kind in (str.isupper, str.islower, str.isdecimal))
    if len(text) < LENGTH_MIN or (len(text) < PASSPHRASE_MIN and not mixed):
        raise Invalid.field(
            field,
            f"must be at least {LENGTH_MIN} characters with an upper-case letter, a lower-case letter and a digit, "
            f"or a passphrase of {PASSPHRASE_MIN} or more",
        )
    check_not_email(text, email, field)
    if is_common(text):
        raise Invalid.field(field, "is too common; choose one that others do not use")
    return text


def check_not_email(password: str, email: str, field: str = "password") -> None:
    """Refuse the email address as its account's password."""
    if password.casefold() == email.casefold():
        raise Invalid.field(field, "must not be your email address")


def is_common(password: str) -> bool:
    """Whether it is among the passwords that are tried first.

    That is a known one, also with the usual ending, disguise or repetition; a run of the keyboard or
    alphabet; or hardly any different characters.
    """
    text = password.casefold()
    if len(set(text)) < DIFFERENT_CHARACTERS_MIN:
        return True
    if any(text in run or text[::-1] in run for run in _RUNS):
        return True
    known = _known()
    return any(stem in known or stem.translate(_DISGUISE) in known for stem in _stems(text))


def _stems(text: str) -> set[str]:
    """The text, what is left of it without a usual ending, and of what these are repetitions."""
    cuts = range(1, min(ENDING_MAX, len(text) - 1) + 1)
    stems = [text, *(text[:-cut] for cut in cuts if _ENDING.fullmatch(text[-cut:]))]
    return {*stems, *(stem[: (stem + stem).index(stem, 1)] for stem in stems)}


@cache
def _known() -> frozenset[str]:
    from stockwright.accounts.common_passwords import COMMON

    return frozenset(COMMON.split())
