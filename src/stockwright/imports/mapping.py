"""What somebody has said that the columns of a file are: heading → field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from stockwright.base.errors import Invalid
from stockwright.imports.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockwright.imports.model import ImportKind

MAPPING_CHARS_MAX: Final = 20_000


def mapping_of(text: str, field: str = "mapping") -> dict[str, str]:
    """Read a mapping; Invalid where it is no JSON object of texts."""
    if not text:
        return {}
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict) or not all(isinstance(each, str) for each in read.values()):
        raise Invalid.field(field, 'must be a JSON object, heading → field, such as {"Article": "sku"}')
    return read


def check_mapping(kind: ImportKind, mapping: Mapping[str, str]) -> None:
    """Refuse fields that there are not, one that is named twice, and a mapping without the fields that a row needs."""
    offered = {name: each for name, each in FIELDS[kind].items() if each.is_offered}
    wrong = [
        {"field": f"mapping.{heading}", "message": f"must be one of {', '.join(offered)}, or empty"}
        for heading, field in mapping.items()
        if field and field not in offered
    ]
    named = [field for field in mapping.values() if field]
    twice = sorted({field for field in named if named.count(field) > 1})
    wrong += [{"field": "mapping", "message": f"names {field} for several columns"} for field in twice]
    needed = [{"sku", "name", "group"}] if kind == "products" else [{"sku"}, {"quantity"}]
    wrong += [
        {"field": "mapping", "message": f"must name a column for {' or '.join(sorted(each))}"}
        for each in needed
        if not each & set(named)
    ]
    if wrong:
        raise Invalid(details=wrong)
