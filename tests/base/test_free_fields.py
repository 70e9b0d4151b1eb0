"""What people may add as they like is held to what every engine and every reader takes."""

from __future__ import annotations

import pytest

from stockwright.base.errors import Invalid
from stockwright.base.free_fields import DEPTH_MAX, check_free


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_texts_lists_and_numbers_are_accepted() -> None:
    check_free({"color": "midnight", "sizes": ["S", "M"], "engraved": {"text": "für Mia", "lines": 2}}, "options", 200)
    check_free({"whole": 2**53 - 1, "fraction": -0.5, "nothing": 0.0, "yes": True, "none": None}, "options", 200)
    check_free({"deep": nested(DEPTH_MAX - 1)}, "options", 200)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"deep": nested(DEPTH_MAX)}, "nested at most 8 deep"),
        ({"deep": nested(5000)}, "nested at most 8 deep"),
        ({"": "red"}, "an empty name"),
        ({"color": {"": "red"}}, "an empty name"),
        ({"huge": 2**53}, "a whole number beyond 9007199254740991"),
        ({"huge": [-(2**60)]}, "a whole number beyond"),
        ({"huge": 1e200}, "a number beyond 1e+100"),
        ({"tiny": 1e-200}, "or one as close to zero"),
        ({"long": "ü" * 100}, "at most 200 bytes"),
    ],
)
def test_values_that_a_reader_could_not_parse_are_refused(value: object, expected: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_free(value, "options", 200)
    (wrong,) = refused.value.details
    assert wrong["field"] == "options"
    assert expected in wrong["message"]
