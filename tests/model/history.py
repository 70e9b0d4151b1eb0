"""What many clients asked of a running shop, and whether one shop alone could have answered so.

Every request is noted with its tries: when each began, when and what it was answered, or that its
connection broke. The event log gives the order of the commits. In that order the model
(`shop.py`) is asked the same, and must answer the same. What changed nothing (a look, a refusal, a
repeat) must fit between two commits. And the order must be that of real time: what was answered
before another began comes before it.

`python -m tests.model.history FILE` checks a history that a failed run has left.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.model.shop import MINUTE, No, Shop

SYSTEM: Final = "system"
BESIDE: Final = ("stock.low", "stock.out", "stock.replenished")
"""The events that handlers append about the stock: it changes nothing."""
SLACK: Final = 200
"""Of the shop's milliseconds: clocks are read a moment before or after what they are read for."""
NEVER: Final = float("inf")


@dataclass(slots=True)
class Try:
    """One request on the wire, in the shop's time; without an answer, nobody knows what it did."""

    begin: float
    end: float | None = None
    status: int = 0
    data: Any = None
    replayed: bool = False

    @property
    def is_yes(self) -> bool:
        return self.end is not None and self.status < 300

    @property
    def is_no(self) -> bool:
        return self.end is not None and self.status >= 300


@dataclass(slots=True)
class Asked:
    """What a person wanted, under one Idempotency-Key, until it was answered."""

    key: str
    person: str
    kind: str
    parts: dict[str, Any]
    tries: list[Try] = field(default_factory=list)


@dataclass
class History:
    """A shop as it was at first, what was asked, and its event log from then on."""

    products: dict[str, list[Any]]
    """Id → SKU, price, units at the default location; and an empty level in the inactive cellar."""
    asked: dict[str, Asked] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    def save(self, path: Path) -> Path:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> History:
        body = json.loads(path.read_text(encoding="utf-8"))
        asked = {
            key: Asked(**{**each, "tries": [Try(**tried) for tried in each["tries"]]})
            for key, each in body["asked"].items()
        }
        return cls(body["products"], asked, body["events"])

    def shop(self) -> Shop:
        """Open the model as the shop was at first."""
        shop = Shop(0, locations={"default": (100, True), "cellar": (100, False)})
        for product, (_, price, units) in self.products.items():
            shop.open({product: price}, units)
            shop.levels[product]["cellar"] = [0, 0]
        shop.events.clear()
        return shop


# ---- on the wire, and of the model ---------------------------------------------------------------------


def request(asked: Asked) -> tuple[str, str, dict[str, Any] | None]:  # noqa: PLR0911, PLR0912 - one way out for each kind
    """How it is asked over HTTP: method, path, body."""
    parts = asked.parts
    match asked.kind:
        case "reserve":
            items = [{"productId": each, "quantity": units, "location": where} for each, units, where in parts["wants"]]
            return "POST", "/reservations", {"items": items, "expirationMinutes": parts["minutes"]}
        case "confirm" | "cancel" as step:
            return "POST", f"/inventory/reservation/{parts['hold']}/{step}", {}
        case "extend":
            return "POST", f"/reservations/{parts['hold']}/extend", {"expirationMinutes": parts["minutes"]}
        case "order":
            return "POST", "/orders", {"items": [{"productId": each, "quantity": n} for each, n in parts["lines"]]}
        case "pack" | "deliver":
            return "POST", f"/orders/{parts['order']}/{asked.kind}", {}
        case "call off":
            return "POST", f"/orders/{parts['order']}/cancel", {}
        case "return":
            items = [{"productId": parts["product"], "quantity": parts["units"]}]
            return "POST", f"/orders/{parts['order']}/returns", {"items": items, "restock": parts["restock"]}
        case "sell":
            return "POST", "/sales", {"items": [{"productId": each, "quantity": n} for each, n in parts["lines"]]}
        case "adjust":
            body = {"quantity": parts["units"], "type": parts["type"], "location": parts["location"]}
            return "PATCH", f"/inventory/product/{parts['product']}/stock", body
        case "count":
            body = {"productId": parts["product"], "quantity": parts["counted"], "location": parts["location"]}
            return "PUT", "/stock", body
        case "transfer":
            body = {"productId": parts["product"], "quantity": parts["units"]}
            return "POST", "/inventory/transfer", {**body, "from": parts["from"], "to": parts["to"]}
        case "look":
            return "GET", f"/inventory/product/{parts['product']}", None
        case "look at hold":
            return "GET", f"/reservations/{parts['hold']}", None
        case _:
            return "GET", f"/orders/{parts['order']}", None


def predict(shop: Shop, asked: Asked, name: str) -> Any:  # noqa: PLR0911, PLR0912 - one way out for each kind
    """What the model says to it; `name` is the id of what it makes or is about."""
    parts, person = asked.parts, asked.person
    match asked.kind:
        case "reserve":
            shop.holds[name] = shop.reserve(person, [(*each,) for each in parts["wants"]], parts["minutes"])
            return shape_of_hold(shop, name)
        case "confirm":
            shop.confirm(person, name)
            return shape_of_hold(shop, name)
        case "cancel":
            shop.give_up(person, name)
            return shape_of_hold(shop, name)
        case "extend":
            shop.extend(person, name, parts["minutes"])
            return shape_of_hold(shop, name)
        case "order":
            shop.orders[name] = shop.order(person, [(*each,) for each in parts["lines"]])
            return shape_of_order(shop, name)
        case "pack" | "deliver" as step:
            shop.step(name, {"pack": "PACKED", "deliver": "DELIVERED"}[step])
            return shape_of_order(shop, name)
        case "call off":
            shop.cancel(person, name)
            return shape_of_order(shop, name)
        case "return":
            shop.take_back(name, parts["product"], parts["units"], parts["restock"])
            return shape_of_order(shop, name)
        case "sell":
            return shop.sell([(product, units, None) for product, units in parts["lines"]])[1]
        case "adjust":
            return deepcopy(shop.adjust(parts["product"], parts["units"], parts["type"], parts["location"]))
        case "count":
            return deepcopy(shop.count(parts["product"], parts["counted"], parts["location"]))
        case "transfer":
            return deepcopy(shop.transfer(parts["product"], parts["units"], parts["from"], parts["to"]))
        case "look":
            return deepcopy(shop.levels[parts["product"]])
        case "look at hold":
            return shape_of_hold(shop, name)
        case _:
            return shape_of_order(shop, name)


def shape_of_hold(shop: Shop, name: str) -> Any:
    held = shop.holds[name]
    return [held.allocated, shop._status(held), held.expires]


def shape_of_order(shop: Shop, name: str) -> Any:
    order = shop.orders[name]
    lines = [[product, units, back] for (product, units), back in zip(order.lines, order.returned, strict=True)]
    return [lines, order.total, order.status, order.steps[:]]


def shape(asked: Asked, data: Any) -> Any:
    """What of an answer is predicted."""
    match asked.kind:
        case "reserve" | "confirm" | "cancel" | "extend" | "look at hold":
            allocated = {item["productId"]: item["locations"] for item in data["items"]}
            return [allocated, data["status"], ms(data["expiresAt"])]
        case "sell":
            return data["totalAmount"]
        case "adjust" | "count" | "transfer" | "look":
            return {each["location"]: [each["availableStock"], each["reservedStock"]] for each in data["locations"]}
        case _:
            lines = [[line["productId"], line["quantity"], line["returned"]] for line in data["items"]]
            return [lines, data["totalAmount"], data["status"], [step["status"] for step in data["timeline"]]]


def refusal(error: Mapping[str, Any]) -> tuple[str, Any]:
    """What of a refusal is predicted."""
    code, details = error["code"], error.get("details")
    if code == "INSUFFICIENT_STOCK":
        return code, [(line["productId"], line["requested"], line["available"]) for line in details["lines"]]
    return code, details if code in {"RESERVATION_NOT_ACTIVE", "INVALID_TRANSITION"} else None


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


# ---- in the order of the commits --------------------------------------------------------------------------


@dataclass(slots=True)
class Step:
    """One commit: a person's (`asked`), or the shop's own; `begin` and `end` in real time, where somebody waited."""

    events: list[dict[str, Any]]
    asked: Asked | None = None

    @property
    def begin(self) -> float:
        return min(each.begin for each in self.asked.tries) if self.asked else -NEVER

    @property
    def end(self) -> float:
        """When it was first answered: what begins later must stand behind it."""
        return (
            min((each.end or NEVER for each in self.asked.tries if each.is_yes), default=NEVER) if self.asked else NEVER
        )

    @property
    def subject(self) -> str:
        return str(self.events[0]["subject"])


@dataclass(slots=True)
class Seen:
    """An answer that changed nothing: somewhere between `low` and `high` the shop was as it says."""

    asked: Asked
    tried: Try
    low: int = 0
    high: int = 0
    least: int = 0
    levels_alone: bool = False
    found: list[str] = field(default_factory=list)

    @property
    def begin(self) -> float:
        """When it may first have been right: a replayed answer is that of one of the tries before."""
        return min(each.begin for each in self.asked.tries) if self.tried.replayed else self.tried.begin

    @property
    def end(self) -> float:
        return self.tried.end or NEVER


class Checker:
    """Replays one history; `check` raises AssertionError with what does not fit."""

    def __init__(self, history: History) -> None:
        self.history, self.shop = history, history.shop()
        self.steps = list(self._steps())
        self.done = {step.asked.key: number for number, step in enumerate(self.steps) if step.asked}
        self.seen: list[Seen] = []

    def check(self) -> Counter[str]:
        """Return how many of each kind there were."""
        self._check_real_time()
        self._find_seen()
        open_: list[Seen] = []
        coming = sorted(self.seen, key=lambda seen: seen.begin)[::-1]
        for number in range(len(self.steps) + 1):
            while coming and coming[-1].low <= number:
                open_.append(coming.pop())
            open_ = self._fit(open_, number)
            if number < len(self.steps):
                self._take(number, self.steps[number])
        assert not open_
        assert not coming
        figures = Counter(each.kind for each in self.history.asked.values())
        figures["answered without a change"] = len(self.seen)
        figures["the shop's own steps"] = sum(step.asked is None for step in self.steps)
        figures["never answered tries"] = sum(
            tried.end is None for each in self.history.asked.values() for tried in each.tries
        )
        figures["replayed answers"] = sum(
            tried.replayed for each in self.history.asked.values() for tried in each.tries
        )
        figures["freed when they expired"] = sum(step.events[0]["name"] == "reservation.expired" for step in self.steps)
        return figures

    def _steps(self) -> Iterator[Step]:
        """Put the log's events together to the commits that wrote them."""
        last: Step | None = None
        for event in self.history.events:
            if event["name"].startswith(BESIDE):
                continue
            asked = self.history.asked.get(event["requestId"]) if event["actor"] != SYSTEM else None
            if asked is not None and asked.kind == "order" and event["name"] == "order.confirmed":
                # The shop's own step, in the name of the customer.
                asked = None
            if asked is not None and last is not None and last.asked is asked:
                last.events.append(event)
                continue
            if last is not None:
                yield last
            known = asked is not None or event["name"] in {"reservation.expired", "order.confirmed"}
            assert known, f"nobody asked for this: {event}"
            last = Step([event], asked)
        if last is not None:
            yield last

    def _check_real_time(self) -> None:
        """Commits stand in the order of real time, and each key has one."""
        counts = Counter(step.asked.key for step in self.steps if step.asked)
        twice = [key for key, count in counts.items() if count > 1]
        assert not twice, f"done twice: {twice}"
        latest = -NEVER
        for step in self.steps:
            late = f"{step.asked} was answered before something began that is before it in the log"
            assert step.end >= latest, late
            latest = max(latest, step.begin)

    def _find_seen(self) -> None:
        """Find what has to fit in between, and between which commits it must."""
        ends = sorted((step.end, number) for number, step in enumerate(self.steps) if step.end < NEVER)
        times, highest = [end for end, _ in ends], list[int]()
        for _, number in ends:
            highest.append(max(number, highest[-1]) if highest else number)
        for asked in self.history.asked.values():
            assert any(each.end is not None for each in asked.tries), f"never answered: {asked}"
            own = self.done.get(asked.key)
            for tried in asked.tries:
                if tried.end is None:
                    continue
                changed = own is not None and tried.is_yes
                if changed and (asked.kind not in {"adjust", "transfer"} or tried.replayed):
                    continue
                seen = Seen(asked, tried, levels_alone=changed)
                before = bisect_left(times, seen.begin)
                seen.low = highest[before - 1] + 1 if before else 0
                if changed:
                    assert own is not None
                    # Its levels are read behind its commit.
                    seen.least = own + 1
                seen.high = self._before_whatever_began_after(tried.end, seen.low)
                self.seen.append(seen)

    def _before_whatever_began_after(self, end: float, low: int) -> int:
        for number in range(low, len(self.steps)):
            step = self.steps[number]
            if step.asked is not None and step.begin > end:
                return number
        return len(self.steps)

    def _fit(self, open_: list[Seen], number: int) -> list[Seen]:
        """Accept every answer that is right at this point; one that is never right is a fault."""
        left: list[Seen] = []
        for seen in open_:
            waits = number < seen.least or any(other.end < seen.begin for other in left)
            if not waits and self._is_right(seen):
                continue
            assert number < seen.high, self._wrong(seen)
            left.append(seen)
        return left

    def _is_right(self, seen: Seen) -> bool:
        for now in self._instants(seen):
            aside, name = self._aside(seen.asked, now)
            found = self._ask_aside(aside, seen, name)
            if found is None:
                return True
            if found not in seen.found:
                seen.found.append(found)
        return False

    def _ask_aside(self, aside: Shop, seen: Seen, name: str) -> str | None:
        """Ask the copy; returns None where it says what was answered, or else what it says."""
        asked, tried = seen.asked, seen.tried
        if seen.levels_alone:
            levels = aside.levels[asked.parts["product"]]
            return None if levels == shape(asked, tried.data) else f"levels {levels}"
        try:
            found = predict(aside, asked, name)
        except KeyError:
            return "it is not there yet"
        except No as refused:
            return None if tried.is_no and _same_refusal(tried, refused) else f"{refused.code} {refused.details}"
        if tried.is_yes and not aside.events and found == shape(asked, tried.data):
            return None
        return f"{found}, with the events {aside.events}"

    def _instants(self, seen: Seen) -> list[float]:
        """When it may have been decided: whether a hold has expired depends on that."""
        end = seen.tried.end or seen.begin
        between = [held.expires for held in self.shop.holds.values() if seen.begin <= held.expires <= end]
        return [seen.begin, *between, end]

    def _aside(self, asked: Asked, now: float) -> tuple[Shop, str]:
        """Copy what a question can touch, so that it changes nothing."""
        shop, name = self.shop, asked.parts.get("hold") or asked.parts.get("order") or "new"
        aside = Shop(int(now), dict(shop.locations), shop.prices, deepcopy(shop.levels))
        for known, held in shop.holds.items():
            if held.status == "ACTIVE" or known == name:
                aside.holds[known] = replace(held)
        if name in shop.orders:
            aside.orders[name] = deepcopy(shop.orders[name])
        return aside, name

    def _take(self, number: int, step: Step) -> None:
        """Do in the model what this commit did."""
        event, shop = step.events[0], self.shop
        if step.asked is None:
            assert len(step.events) == 1
            shop.now = ms(event["createdAt"])
            if event["name"] == "order.confirmed":
                assert shop.orders[step.subject].status == "PENDING", f"confirmed twice: {event}"
                shop.step(step.subject, "CONFIRMED")
            else:
                held = shop.holds[step.subject]
                assert shop._status(held) == "EXPIRED", f"freed, though it had not expired: {event}"
                assert held.status == "ACTIVE", f"freed twice: {event}"
                held.status = "EXPIRED"
                shop._release(held.allocated)
            return
        # What was decided when: by what it says of itself, or at its begin, or when its event was appended.
        instants = [self._decided(step), ms(event["createdAt"])]
        appended = [each["name"] for each in step.events]
        wrong = list[str]()
        for now in instants:
            aside, _ = self._aside(step.asked, now)
            found = self._do(aside, step)
            if isinstance(found, str):
                wrong.append(found)
            elif aside.events != appended:
                wrong.append(f"the model appends {aside.events}")
            else:
                shop.now = int(now)
                shop.events.clear()
                self._check_answers(step, self._do(shop, step))
                return
        raise AssertionError(f"commit {number}, {step.asked} appended {appended}, but {wrong}")

    def _do(self, shop: Shop, step: Step) -> Any:
        assert step.asked is not None
        try:
            return [predict(shop, step.asked, step.subject)]
        except No as refused:
            return f"the model refuses: {refused.code} {refused.details}"

    def _decided(self, step: Step) -> float:
        """When a commit was decided, where the time until an expiry shows it; else no earlier than it was asked."""
        asked = step.asked
        assert asked is not None
        at, found = step.begin, ms(step.events[0]["createdAt"])
        assert found >= at - SLACK, f"appended before it was asked: {asked}"
        if asked.kind in {"reserve", "extend"}:
            answer = next(tried for tried in asked.tries if tried.is_yes)
            now = ms(answer.data["expiresAt"]) - asked.parts["minutes"] * MINUTE
            held = self.shop.holds.get(step.subject)
            if held is None or ms(answer.data["expiresAt"]) > held.expires:
                assert at - SLACK <= now <= found + SLACK, f"its time does not count from when it was asked: {asked}"
                return now
        return at

    def _check_answers(self, step: Step, found: list[Any]) -> None:
        """Every answer of success says what the model says."""
        asked = step.asked
        assert asked is not None
        for tried in asked.tries:
            if tried.is_no:
                assert tried.begin <= step.end, f"refused after it was done: {asked}"
            if tried.is_yes and asked.kind not in {"adjust", "transfer"}:
                answer = shape(asked, tried.data)
                assert answer == found[0], f"answered {answer}, predicted {found[0]}: {asked}"

    def _wrong(self, seen: Seen) -> str:
        near = [f"{step.events[0]['name']} {step.subject}" for step in self.steps[seen.low : seen.high]]
        return f"never right: {seen.asked}, answer {seen.tried}; the model says {seen.found}, meanwhile came {near}"


def _same_refusal(tried: Try, refused: No) -> bool:
    code, details = refusal(tried.data)
    return code == refused.code and (refused.details is None or details == refused.details)


def check(history: History) -> tuple[Counter[str], Shop]:
    """Check a history; returns what was in it, and the shop as it must be at its end."""
    checker = Checker(history)
    return checker.check(), checker.shop


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(dict(check(History.load(Path(argument)))[0]))
