"""The rules of the wire's types: what a field must be by itself, and what fields must be together.

Lengths, bounds and choices are in a field's type (msgspec's Meta), so that decoding checks them and
the OpenAPI document shows them. A rule that takes code is beside them as a Check, or, where it is
about several fields, in a method marked with @rule. Both call the domain's functions, which raise
Invalid, and name fields as the wire does. `Wire.aliases` and `Wire.needs` declare the two rules that
many types share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, Final, TypeVar, get_origin

import msgspec
from msgspec import UNSET, Struct

from stockwright.base.errors import Invalid
from stockwright.http.describe import bounds_of, but_not, describe, item_of, list_of, options_of, with_control

Entry = dict[str, str]
Rule = TypeVar("Rule", bound=Callable[..., None])
Group = tuple[str, ...]
REQUIRED: Final = "is required"


class Wire(msgspec.Struct, rename="camel", kw_only=True):
    """A type of the wire."""

    aliases: ClassVar[tuple[Group, ...]] = ()
    """Fields that are spellings of one thing: more than one may be given only with the same value."""
    needs: ClassVar[tuple[Group, ...]] = ()
    """Fields of which one must be given; what is missing is reported under the first."""


class Check(Struct, frozen=True):
    """A rule of one field: a function of its value and name that raises Invalid."""

    check: Callable[[Any, str], object]


def rule(*fields: str) -> Callable[[Rule], Rule]:
    """Mark a method of a wire type that raises Invalid; it runs where each of these fields is well formed.

    A rule that names no fields always runs, and may only ask which fields were given: what is
    malformed has the value MALFORMED then.
    """

    def mark(method: Rule) -> Rule:
        method.__dict__["rule_fields"] = fields
        return method

    return mark


def contradiction(*names: str) -> Invalid:
    """Build the error for fields that say the same thing differently: an entry for each."""
    return Invalid(
        details=[
            {"field": name, "message": f"contradicts {' and '.join(each for each in names if each != name)}; send one"}
            for name in names
        ]
    )


class _Malformed:
    def __repr__(self) -> str:
        return "MALFORMED"


MALFORMED: Final = _Malformed()
"""The value of a field that was given, but not as it must be."""


def is_given(value: object) -> bool:
    """Whether a field was given, well formed or not."""
    return value is not None and value is not UNSET


def well_formed(value: Any) -> Any:
    """Return a field's value, or None where it was not given or is malformed."""
    return None if value is MALFORMED or value is UNSET else value


def first_given(*values: Any) -> Any:
    """Return the value that one of several spellings gives, or None."""
    return next(filter(is_given, values), None)


class Field(Struct, frozen=True):
    """A field of a wire type, taken apart once."""

    attribute: str
    name: str
    type: Any
    required: bool
    default: Callable[[], Any]
    checks: tuple[Check, ...]
    inner: type[Wire] | None
    """The wire type that it holds, by itself or in a list."""
    item: Any
    """The type of its items where it is a list, else None."""
    item_checks: tuple[Check, ...]


class Plan(Struct, frozen=True):
    """The rules of a wire type, gathered once."""

    fields: tuple[Field, ...]
    checked: tuple[Field, ...]
    """Those with a rule that decoding alone does not check."""
    groups: tuple[tuple[tuple[str, str], ...], ...]
    """The aliases: (attribute, name) each."""
    needs: tuple[tuple[str, Group], ...]
    """The name to report, and the attributes of which one must be given."""
    rules: tuple[tuple[Group, Callable[[Any], None]], ...]

    @property
    def names(self) -> list[str]:
        """The names of its fields on the wire."""
        return [field.name for field in self.fields]

    @property
    def is_empty(self) -> bool:
        """Whether decoding checks everything."""
        return not (self.checked or self.groups or self.needs or self.rules)


@cache
def plan_of(struct: type[Wire]) -> Plan:
    """Gather the rules of a wire type."""
    fields = tuple(map(_field, msgspec.structs.fields(struct)))
    names = {field.attribute: field.name for field in fields}
    marked = {
        name: method.rule_fields
        for each in reversed(struct.__mro__)
        for name, method in vars(each).items()
        if hasattr(method, "rule_fields")
    }
    return Plan(
        fields,
        tuple(each for each in fields if each.checks or each.item_checks or _is_ruled(each.inner)),
        tuple(tuple((each, names[each]) for each in group) for group in struct.aliases),
        tuple((names[group[0]], group) for group in struct.needs),
        tuple((of, getattr(struct, name)) for name, of in marked.items()),
    )


def _is_ruled(inner: type[Wire] | None) -> bool:
    return inner is not None and not plan_of(inner).is_empty


def _field(info: msgspec.structs.FieldInfo) -> Field:
    factory = info.default_factory
    default = (lambda: info.default) if factory is msgspec.NODEFAULT else factory
    item = item_of(info.type)
    return Field(
        info.name,
        info.encode_name,
        info.type,
        info.required,
        default,
        _checks_of(info.type),
        struct_of(info.type if item is None else item),
        item,
        () if item is None else _checks_of(item),
    )


def _checks_of(wanted: Any) -> tuple[Check, ...]:
    return tuple(
        extra
        for option in options_of(wanted)
        if get_origin(option) is Annotated
        for extra in option.__metadata__
        if isinstance(extra, Check)
    )


def struct_of(wanted: Any) -> type[Wire] | None:
    """Return the wire type that a type is (perhaps optional), or None."""
    return next((each for each in options_of(wanted) if isinstance(each, type) and issubclass(each, Wire)), None)


def check_rules(value: Wire) -> None:
    """Check a decoded value; raises Invalid at the first rule that it breaks."""
    _check(plan_of(type(value)), value)


def _check(plan: Plan, value: Any) -> None:
    for field in plan.checked:
        given = getattr(value, field.attribute)
        if given is not None and given is not UNSET:
            _check_field(field, given)
    if plan.groups or plan.needs:
        wrong = list(_between_fields(plan, value))
        if wrong:
            raise Invalid(details=wrong)
    for _, method in plan.rules:
        method(value)


def _check_field(field: Field, given: Any) -> None:
    for each in field.checks:
        each.check(given, field.name)
    inner = None if field.inner is None else plan_of(field.inner)
    # A field may take a list or something else.
    items = [given] if field.item is None else given if isinstance(given, list) else []
    for item in items:
        if inner is not None:
            _check(inner, item)
        for each in field.item_checks:
            each.check(item, field.name)


def _between_fields(plan: Plan, value: Any) -> Iterator[Entry]:
    """Report contradicting aliases and missing fields."""
    for group in plan.groups:
        given = [(name, each) for attribute, name in group if is_given(each := getattr(value, attribute))]
        if len(given) > 1:
            well = [each for _, each in given if each is not MALFORMED]
            if any(each != well[0] for each in well):
                yield from contradiction(*(name for name, _ in given)).details
    for name, group_of in plan.needs:
        if not any(is_given(getattr(value, each)) for each in group_of):
            yield {"field": name, "message": REQUIRED}


class Report:
    """Everything that is wrong in what was sent for a wire type, field by field."""

    def __init__(self, wanted: type[Wire], sent: Any, *, strict: bool) -> None:
        self.entries: list[Entry] = []
        self._strict = strict
        self.well_formed: Any = self._struct(wanted, sent, "")
        """The fields of the wanted type as attributes; MALFORMED where one is not as it must be."""

    def _struct(self, struct: type[Wire], sent: Any, path: str) -> Any:
        if not isinstance(sent, Mapping):
            self._add(path, describe(struct) + but_not(struct, sent))
            return MALFORMED
        plan, found, malformed = plan_of(struct), SimpleNamespace(), set[str]()
        start = len(self.entries)
        for field in plan.fields:
            here, before = f"{path}.{field.name}" if path else field.name, len(self.entries)
            if field.name in sent:
                value = self._value(field.type, sent[field.name], here)
            elif field.required:
                self._add(here, REQUIRED)
                value = MALFORMED
            else:
                value = field.default()
            setattr(found, field.attribute, value)
            if len(self.entries) > before:
                malformed.add(field.attribute)
        reported = {each["field"] for each in self.entries[start:]}
        broken = list(_between_fields(plan, found))
        malformed.update(
            *(group for _, group in plan.needs if not any(is_given(getattr(found, each)) for each in group))
        )
        for fields, method in plan.rules:
            if malformed.isdisjoint(fields):
                broken += _broken(method, found)
        for entry in broken:
            here = f"{path}.{entry['field']}" if path else entry["field"]
            if here not in reported:
                self._add(here, entry["message"])
        return found

    def _value(self, wanted: Any, sent: Any, path: str) -> Any:
        struct, item = struct_of(wanted), item_of(wanted)
        if struct is not None and sent is not None:
            return self._struct(struct, sent, path)
        if item is not None and isinstance(sent, list):
            return self._list(wanted, item, sent, path)
        try:
            value = msgspec.convert(sent, wanted, strict=self._strict)
        except msgspec.ValidationError:
            self._add(path, describe(wanted) + (but_not(wanted, sent) if self._strict else ""))
            return MALFORMED
        return self._checked(_checks_of(wanted), value, path)

    def _list(self, wanted: Any, item: Any, sent: list[Any], path: str) -> Any:
        low, high = bounds_of(wanted, "min_length", "max_length")
        if (low is not None and len(sent) < low) or (high is not None and len(sent) > high):
            self._add(path, f"{describe(list_of(wanted))}, not {len(sent)}")
            return MALFORMED
        values = [self._value(item, each, f"{path}[{number}]") for number, each in enumerate(sent)]
        return values if any(each is MALFORMED for each in values) else self._checked(_checks_of(wanted), values, path)

    def _checked(self, checks: Sequence[Check], value: Any, path: str) -> Any:
        if not is_given(value):
            return value
        control = list(with_control(value, path))
        self.entries += control
        broken = [] if control else [entry for each in checks for entry in _broken(each.check, value, path)]
        self.entries += broken
        return MALFORMED if control or broken else value

    def _add(self, path: str, message: str) -> None:
        self.entries.append({"field": path, "message": message})


def _broken(check: Callable[..., object], *given: Any) -> list[Entry]:
    try:
        check(*given)
    except Invalid as wrong:
        return list(wrong.details)
    return []
