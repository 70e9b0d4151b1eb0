"""By which words and fields products (and accounts) are found: each has an entry of its own in the table.

A filter of DynamoDB drops what it has read and paid for. So each product has an entry for its category, type, brand
and status, and one for the beginning of every word in its name, SKU and brand. An entry is an item
`ENTRY#<the product's partition>` / term in the index `list`, at the product's own position in the list by time. It
has a copy of the filtered fields and of the words, so a list of entries can be filtered by all of them.

A word is found by its beginning: entries are kept for the first PREFIX and the first PREFIX_LONG letters. A word of
fewer than PREFIX letters is found only as a whole. The parts of a word (`kb` and `red` of `KB-1-RED`) count as words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from stockwright.store.dynamodb.layout import SEPARATOR
from stockwright.store.port import body_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockwright.store.port import IndexName, Key, Put, Query

ENTRY: Final = "ENTRY#"
"""How the partitions of entries begin."""
FIELDS: Final[dict[str, dict[str, str]]] = {
    "PRODUCT": {"category": "", "type": "", "brand": "", "status": "ACTIVE"},
    "ACCOUNT": {"role": "customer"},
}
"""The fields with entries, by the list; what most items have ("": nothing) has none, because the list soon meets it."""
ORDERED: Final[dict[tuple[IndexName | None, str], str]] = {
    ("list", "PRODUCT"): "PRODUCT",
    ("owner", "PRODUCT_NAME"): "PRODUCT",
    ("due", "PRODUCT_PRICE"): "PRODUCT",
    ("list", "ACCOUNT"): "ACCOUNT",
}
"""The lists that are filtered by entries, in whatever order: index and partition, the list that the entries are of."""
PREFIX: Final = 3
PREFIX_LONG: Final = 6
WORDS_MAX: Final = 40
"""The most words of one product that are entered."""
WORD: Final = "~"
"""How the term of a word begins; the others are `field=value`."""
_PARTS = re.compile(r"[^\w]+|_")


class Terms(Struct, frozen=True):
    """The entries that an item is to have: their list, its position there, the terms, and what entries carry."""

    listed: str
    position: str
    terms: frozenset[str]
    fields: dict[str, str]
    text: str


def may_have_entries(key: Key) -> bool:
    """Return whether an item of this key is of a list whose items have entries."""
    return key[1] in FIELDS and key[0].startswith(f"{key[1]}#")


def terms_of(put: Put) -> Terms | None:
    """Return the entries of an item; None where it is in no list that is filtered by them."""
    partition, position = put.indexes.get("list", ("", ""))
    if partition not in FIELDS or not may_have_entries(put.key):
        return None
    body, usual = body_of(put.body), FIELDS[partition]
    fields = {name: value for name in usual if isinstance(value := body.get(name), str) and value}
    text = searched(put.text)
    terms = {f"{name}={value}" for name, value in fields.items() if value != usual[name]}
    terms.update(prefix for word in text.split()[:WORDS_MAX] for prefix in _prefixes(word))
    return Terms(partition, position, frozenset(terms), fields, text)


def searched(text: str) -> str:
    """Return a text with the parts of its words behind each word; a blank is before every one of them."""
    words: dict[str, None] = {}
    for word in text.split():
        words[word] = None
        parts = [part for part in _PARTS.split(word) if part]
        if len(parts) > 1:
            words.update(dict.fromkeys(parts))
    return "".join(f" {word}" for word in words)


def _prefixes(word: str) -> list[str]:
    return [f"{WORD}{word[:length]}" for length in ((PREFIX, PREFIX_LONG) if len(word) >= PREFIX_LONG else (PREFIX,))]


def entry_partition(listed: str, term: str) -> str:
    """Name the list of all entries of a term."""
    return f"{listed}{SEPARATOR}{term}"


def beginnings(contains: Sequence[str]) -> list[str]:
    """Return what an entry's text must contain for these words of a search: each at the beginning of a word.

    A word of fewer letters than PREFIX is a whole word.
    """
    words = [word.strip() for word in contains]
    return [f" {word}" if len(word) >= PREFIX else f" {word} " for word in words]


def terms_wanted(query: Query) -> list[str]:
    """Return the terms that answer a query, those that few items are likely to have in front."""
    listed = ORDERED[(query.index, query.partition)]
    usual, where = FIELDS[listed], query.where or {}
    words = sorted((word.strip() for word in query.contains), key=len, reverse=True)
    found = [f"{WORD}{word[: PREFIX_LONG if len(word) >= PREFIX_LONG else PREFIX]}" for word in words]
    for name in reversed(usual):
        value = where.get(name)
        if isinstance(value, str) and value != usual[name] and value:
            found.append(f"{name}={value}")
    return list(dict.fromkeys(found))


def fits(query: Query, fields: Mapping[str, object], text: str) -> bool:
    """Return whether an item passes a query's conditions, words as entries are searched for them."""
    padded = f"{searched(text)} "
    return all(fields.get(name) == value for name, value in (query.where or {}).items()) and all(
        word in padded for word in beginnings(query.contains)
    )
