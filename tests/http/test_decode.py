"""Bodies and query strings: what fits goes fast, what does not is reported field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta

from stockwright.base.errors import Invalid
from stockwright.http import decode
from stockwright.http.rules import Wire
from stockwright.http.wire import ListQuery, Text, Version
from stockwright.products.wire import Options

pytestmark = pytest.mark.one_engine


class Line(Wire):
    quantity: Annotated[int, Meta(ge=1)]
    product_id: Text | None = None


class Sheet(Wire):
    name: Text | None = None
    price: Version | None = None
    ready: bool = False
    options: Options = {}
    items: Annotated[list[Line], Meta(max_length=3)] | None = None
    role: Literal["admin", "customer"] | None = None


def refused(raw: bytes, content_type: str = "application/json", wanted: Any = Sheet) -> Invalid:
    with pytest.raises(Invalid) as found:
        decode.body(wanted, raw, content_type)
    return found.value


def fields_of(wrong: Invalid) -> dict[str, str]:
    return {each["field"]: each["message"] for each in wrong.details}


def test_every_wrong_field_has_its_own_entry() -> None:
    raw = (
        b'{"name": 5, "price": "x", "ready": "yes", "options": [1], "items": [{"quantity": 0}, {"quantity": "2"}, {}]}'
    )

    found = fields_of(refused(raw))

    assert found.keys() == {
        "name", "price", "ready", "options", "items[0].quantity", "items[1].quantity", "items[2].quantity",
    }  # fmt: skip
    assert "whole number" in found["price"]
    assert "at least 1" in found["items[0].quantity"]
    assert found["items[2].quantity"] == "is required"


def test_a_value_outside_the_choices_is_refused_with_the_choices() -> None:
    assert fields_of(refused(b'{"role": "boss"}')) == {"role": "must be one of admin, customer"}
    with pytest.raises(Invalid) as found:
        decode.query(Sheet, b"role=boss")
    assert fields_of(found.value) == {"role": "must be one of admin, customer"}


def test_unknown_fields_are_ignored() -> None:
    assert decode.body(Sheet, b'{"name": "a", "clientId": "x", "nested": {"a": [1]}}', "").name == "a"


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "Application/JSON; charset=utf-8", "application/ld+json"]
)
def test_every_media_type_of_json_is_accepted(content_type: str) -> None:
    assert decode.body(Sheet, b'{"price": 1}', content_type).price == 1


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/jsonx"])
def test_another_content_type_is_refused_by_name(content_type: str) -> None:
    assert content_type.split(";", maxsplit=1)[0] in refused(b"{}", content_type).message


@pytest.mark.parametrize("content_type", ["", "application/x-www-form-urlencoded", "text/plain"])
def test_a_request_without_a_body_needs_no_content_type(content_type: str) -> None:
    assert decode.body(Sheet, b"", content_type) == Sheet()


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"\xff", b'{"name": "\xff"}', b"{'name': 1}", b'{"name": "a",}', b"{}{}", b'{"price": NaN}',
        b"\xef\xbb\xbf{}",
        b'{"price": "x", broken', b'{"price": "x", "name": "\xff"}', b'{"price": "x", "ready": 1e400}',
        b'{"price": "x"',
        b'{"price": 1e400}', b'{"price": ' + b"9" * 5000 + b"}", b'{"options": {"a": ' + b"9" * 5000 + b"}}",
        b'{"options": {"a": 1e999}}', b'{"name": "\\ud800"}', b'{"options": {"\\udfff": 1}}',
        b'{"options": ' + b'{"a": [' * 60_000, b'{"options": {"a": ' + b"[" * 60_000 + b"]" * 60_000 + b"}}",
        b'{"price": "x", "options": {"a": ' + b"[" * 60_000 + b"]" * 60_000 + b"}}",
    ],
)  # fmt: skip
def test_any_broken_body_is_refused_with_an_api_error(raw: bytes) -> None:
    refused(raw)


@pytest.mark.parametrize("raw", [b"[]", b"null", b"5", b'"text"', b"true"])
def test_a_body_that_is_not_an_object_is_refused(raw: bytes) -> None:
    assert refused(raw).details[0]["message"].startswith("must be an object")


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**63, 2**64, 10**40])
def test_numbers_that_clients_cannot_hold_exactly_are_refused(number: int) -> None:
    assert fields_of(refused(f'{{"price": {number}}}'.encode())).keys() == {"price"}


@pytest.mark.parametrize("number", [b"1.5", b"1e3", b"true", b'"1"', b"[1]"])
def test_only_whole_numbers_are_accepted_as_integers(number: bytes) -> None:
    assert fields_of(refused(b'{"price": ' + number + b"}")).keys() == {"price"}


@pytest.mark.parametrize("raw", [b'{"name": "a\\u0000b"}', b'{"items": [{"quantity": 1, "productId": "\\u0007"}]}'])
def test_control_characters_in_text_are_refused(raw: bytes) -> None:
    assert len(fields_of(refused(raw))) == 1


def test_ignored_fields_may_have_any_value() -> None:
    raw = b'{"name": "x", "unknown": {"\\u0001": ["\\u0000"]}}'
    assert decode.body(Sheet, raw, "").name == "x"


def test_line_breaks_and_tabs_in_text_are_kept() -> None:
    assert decode.body(Sheet, b'{"name": "two\\nlines\\tand more"}', "").name == "two\nlines\tand more"


def test_a_list_that_is_too_long_is_reported_with_its_field() -> None:
    raw = b'{"items": [' + b",".join([b'{"quantity": 1}'] * 4) + b"]}"

    assert fields_of(refused(raw)).keys() == {"items"}


class Filters(ListQuery):
    low: bool | None = None
    search: Annotated[str, Meta(max_length=10)] = ""


@pytest.mark.parametrize(
    "text",
    [
        "limit=0", "limit=101", "limit=-1", "limit=abc", "limit=1.5", "limit=1_0",
        "limit=" + "9" * 30, "limit=%00", "low=maybe", "search=" + "a" * 11, "search=a%00", "search=%07",
        "nextToken=" + "a" * 3000, "&".join(["a=1"] * 60),
    ],
)  # fmt: skip
def test_an_invalid_query_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        decode.query(Filters, text.encode())


def test_a_repeated_query_parameter_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        decode.query(Filters, b"limit=7&search=a&limit=7&search=")

    assert refused.value.details == [{"field": "limit", "message": "is given more than once"}]


def test_a_query_is_read_with_its_numbers_and_switches() -> None:
    read = decode.query(Filters, b"limit=7&low=true&search=a%20b&_=1&utm_source=x")

    assert (read.limit, read.low, read.search) == (7, True, "a b")


@pytest.mark.parametrize("text", [b"", b"limit=", b"search=&low="])
def test_an_empty_value_counts_as_missing(text: bytes) -> None:
    assert decode.query(Filters, text) == Filters()


def test_bytes_that_are_not_utf_8_are_refused_or_replaced() -> None:
    assert decode.query(Filters, b"search=%ff").search == "\N{REPLACEMENT CHARACTER}"
    with pytest.raises(Invalid):
        decode.query(Filters, b"search=\xff")
