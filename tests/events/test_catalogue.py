"""The catalogue of events: each has a name of its own, is appended somewhere, and is stored as it always was."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stockwright
from stockwright.base.errors import Permanent
from stockwright.base.event import Event, EventData
from stockwright.events import catalogue
from stockwright.store.dynamodb.codec import from_attribute, to_attribute
from stockwright.store.sqlite.codec import decode, encode
from tests.formats import FORMER, all_rows, unpack

SOURCE = Path(stockwright.__file__).parent
CATALOGUE = Path(catalogue.__file__)
HANDLERS = SOURCE / "handlers.py"
CLASSES: list[type[EventData]] = [
    each
    for each in vars(catalogue).values()
    if isinstance(each, type) and issubclass(each, EventData) and "event_name" in vars(each)
]
NAMES = {each.event_name: each for each in CLASSES}
WRITTEN = {
    "account.addresses_changed": "{}",
    "account.changed": '{"role":"admin","disabled":false}',
    "account.confirmed": "{}",
    "account.erased": "{}",
    "account.mfa_off": "{}",
    "account.password_changed": "{}",
    "account.refresh_reused": "{}",
    "account.reset_requested": "{}",
    "account.signup_repeated": "{}",
    "account.verification_requested": '{"signUp":"sgn_1"}',
    "backup.failed": '{"reason":"the disk is full","newest":""}',
    "category.deleted": "{}",
    "category.renamed": '{"before":"phone"}',
    "count.discarded": '{"location":"default"}',
    "count.opened": '{"location":"default"}',
    "count.posted": '{"location":"default","lines":3,"over":2,"under":1,"refused":0}',
    "dead_letter.deleted": '{"handler":"warehouse"}',
    "dead_letter.redriven": '{"handler":"warehouse"}',
    "import.ended": '{"status":"DONE","created":1,"updated":0,"failed":0,"undone":0}',
    "import.requested": '{"what":"start"}',
    "location.changed": '{"active":false}',
    "message.unreadable": '{"body":"{}"}',
    "notification.resend_requested": '{"resendOf":"ntf_1","about":"ord_1"}',
    "order.changed": '{"userId":"usr_1","fields":["note"]}',
    "product.updated": '{"sku":"CHAIR","fields":["category","quantity"],"products":["prd_1"]}',
    "reservation.expired": '{"orderId":"cart-1","products":["prd_1"]}',
    "shipping_method.changed": "{}",
    "shipping_method.created": "{}",
    "shipping_method.deleted": "{}",
    "upload.created": '{"size":5}',
    "settings.changed": '{"fields":["shop_name"]}',
    "reservation.extended": '{"orderId":"cart-1","products":[]}',
}
"""Data as former releases wrote it, of the events that no data folder of theirs has, or not in all forms."""


def test_every_name_is_of_one_class_and_is_what_the_class_is_called() -> None:
    assert len(CLASSES) > 40
    assert len(NAMES) == len(CLASSES)
    for name, each in NAMES.items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", name)
        assert each.__name__ == "".join(word.capitalize() for word in re.split(r"[._]", name))
        assert each.__doc__


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for file in SOURCE.glob("**/*.py"):
        if file != CATALOGUE:
            yield file, ast.parse(file.read_text(encoding="utf-8"))


def _made_or_passed(tree: ast.Module) -> Iterator[str]:
    """Go through the names that are called, or given to a call that may make an event of the class."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = [] if called in {"isinstance", "read"} else [*call.args, *(each.value for each in call.keywords)]
        for node in (call.func, *given):
            if isinstance(node, ast.Name):
                yield node.id


def test_every_event_is_appended_somewhere() -> None:
    used = {name for file, tree in _modules() if file != HANDLERS for name in _made_or_passed(tree)}
    assert [each.__name__ for each in CLASSES if each.__name__ not in used] == []


def test_the_name_of_an_event_stands_in_its_class_alone() -> None:
    nouns = {name.partition(".")[0] for name in NAMES}
    shape = re.compile(rf"({'|'.join(sorted(nouns))})\.[a-z_]+")
    for file, tree in _modules():
        texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is str}
        assert [text for text in texts if shape.fullmatch(str(text))] == [], file


# ---- stored and read -------------------------------------------------------------------------


def _stored(data: EventData) -> Event:
    return Event("evt_1", data.event_name, "subject", 0, data.as_dict())


@pytest.mark.parametrize("of", CLASSES, ids=lambda each: each.event_name)
@given(values=st.data())
def test_what_both_engines_store_of_an_event_is_read_as_its_class(of: type[EventData], values: st.DataObject) -> None:
    hints = {name: hint for name, hint in get_type_hints(of).items() if get_origin(hint) is not ClassVar}
    data = of(**{name: values.draw(st.from_type(hint)) for name, hint in hints.items()})
    assert _stored(data).read(of) == data
    for stored in (decode(encode(data.as_dict())), from_attribute(to_attribute(data.as_dict()))):
        assert Event("evt_1", of.event_name, "subject", 0, stored).read(of) == data


def _written_again(name: str, data: Any) -> bytes:
    return encode(Event("evt_1", name, "subject", 0, data).read(NAMES[name]).as_dict())


@pytest.mark.parametrize("name", WRITTEN)
def test_the_data_of_an_event_is_written_as_before(name: str) -> None:
    assert _written_again(name, decode(WRITTEN[name])) == WRITTEN[name].encode()


@pytest.mark.parametrize("number", FORMER)
def test_the_events_of_a_former_data_folder_are_read_and_would_be_written_the_same(number: str, tmp_path: Path) -> None:
    _, rows, _ = all_rows(unpack(number, tmp_path / "shop"))
    found = set[str]()
    for _, body in rows:
        event = decode(body)
        found.add(event["name"])
        assert _written_again(event["name"], event["data"]) == encode(event["data"])
    assert found | WRITTEN.keys() == NAMES.keys()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"name": "key"}, "Object missing required field `scopes`"),
        ({"name": 7, "scopes": []}, r"Expected `str`, got `int` - at `\$.name`"),
        ({"name": "key", "scopes": ["all"]}, r"Invalid enum value 'all' - at `\$.scopes\[0\]`"),
    ],
)
def test_data_of_another_kind_is_refused_for_good(data: dict[str, Any], why: str) -> None:
    with pytest.raises(Permanent, match=f"the data of api_key.created cannot be read: {why}"):
        Event("evt_1", "api_key.created", "key_1", 0, data).read(catalogue.ApiKeyCreated)


def test_a_reader_ignores_what_a_later_release_adds() -> None:
    event = Event("evt_1", "category.renamed", "mobile", 0, {"before": "phone", "by": "import"})
    assert event.read(catalogue.CategoryRenamed) == catalogue.CategoryRenamed(before="phone")
