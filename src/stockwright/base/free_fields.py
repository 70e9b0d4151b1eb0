"""What people may add as they like: a line's options, a product's options and attributes.

It is stored, mailed, exported and moved between engines as it is, so it is held to what each of them
takes: DynamoDB has no empty names, 38 digits, and an item of 400 kB.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from stockwright.base.errors import Invalid

LINE_BYTES_MAX: Final = 2_000
PRODUCT_BYTES_MAX: Final = 32_000
DEPTH_MAX: Final = 8
WHOLE_MAX: Final = 2**53 - 1
"""The largest whole number that every JSON client keeps exactly."""
FRACTION_MAX: Final = 1e100


def check_free(value: object, field: str, bytes_max: int) -> None:
    """Refuse what is nested deeper than DEPTH_MAX, has an empty name or too large a number, or is too long."""
    _check(value, field, DEPTH_MAX)
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) > bytes_max:
        raise Invalid.field(field, f"must be at most {bytes_max} bytes of JSON")


def _check(value: object, field: str, depth: int) -> None:
    if isinstance(value, Mapping | list):
        if not depth:
            raise Invalid.field(field, f"must be nested at most {DEPTH_MAX} deep")
        for each in value.values() if isinstance(value, Mapping) else value:
            _check(each, field, depth - 1)
        if isinstance(value, Mapping) and "" in value:
            raise Invalid.field(field, "must not contain an empty name")
    elif isinstance(value, int) and abs(value) > WHOLE_MAX:
        raise Invalid.field(field, f"must not contain a whole number beyond {WHOLE_MAX}")
    elif isinstance(value, float) and value and not 1 / FRACTION_MAX < abs(value) < FRACTION_MAX:
        raise Invalid.field(field, f"must not contain a number beyond {FRACTION_MAX:g}, or one as close to zero")
