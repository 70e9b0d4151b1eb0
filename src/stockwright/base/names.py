"""Names: the one way in which they are cleaned, compared and searched.

A name is stored as it was written, without blanks around it and with single blanks inside. Two names are the
same name where they differ in upper and lower case or in blanks only. A search ignores accents as well.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from stockwright.base.errors import Invalid

SUBSTRING_MIN: Final = 3
"""A search word of at least so many letters is found inside of words, a shorter one at their beginning."""
WORDS_MAX: Final = 20
_APOSTROPHES = re.compile("['\u2018\u2019\u201b\u02bc\u2032\uff07`\u00b4]")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates: what follows them is shown in another order than it is written."""
_PUNCTUATION: Final = ',;:!?()[]{}"-_./'
_WITHOUT_ACCENT_FORM: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
"""Letters that Unicode does not write as a base letter and an accent, in lower case."""


def clean(text: str) -> str:
    """Write a name or SKU in one way: trimmed, single blanks, each letter with its accents as one sign (NFC)."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def check_direction(name: str, field_name: str) -> str:
    """Refuse bidirectional control characters in a new name: with them it could be shown as another name.

    Where a text in Arabic or Hebrew is beside one in Latin letters, its letters determine the direction themselves.
    """
    if _DIRECTION.search(name):
        raise Invalid.field(
            field_name,
            "must not hold characters that change the direction of text (U+202A to U+202E, U+2066 to U+2069)",
        )
    return name


def name_key(text: str) -> str:
    """Return what two spellings of one name have in common: case, blanks and wide letters do not count."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def same_sku(one: str, other: str) -> bool:
    """Return whether two spellings mean the same SKU: case, blanks around it and the form of accents do not matter."""
    return clean(one).casefold() == clean(other).casefold()


def search_text(*texts: str) -> str:
    """Return what a search looks into: lower-case words without accents and apostrophes.

    There is a blank before every word, and no punctuation around it.
    """
    return "".join(f" {word}" for text in texts for word in _words(text))


def search_words(query: str) -> tuple[str, ...]:
    """Return what a `search_text` must contain to be found by a query: each of its words, in any order.

    Punctuation around a word does not count. A word shorter than SUBSTRING_MIN carries a blank in
    front, and so is found at the beginning of a word only.
    """
    words = dict.fromkeys(_words(query))
    return tuple(word if len(word) >= SUBSTRING_MIN else f" {word}" for word in list(words)[:WORDS_MAX])


def _words(text: str) -> list[str]:
    return [word.strip(_PUNCTUATION) or word for word in _folded(text).split()]


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", letters.casefold()).translate(_WITHOUT_ACCENT_FORM)
