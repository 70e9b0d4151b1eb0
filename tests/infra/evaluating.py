"""CloudWatch's evaluation of an alarm of the template: of one metric, or of an expression over several.

As the documentation says it: a period in which a metric of the expression has no data has no value, `FILL` fills it;
the last periods are looked at, and a missing one is breaching or not as the alarm says.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Minute = Mapping[str, float]
"""What CloudWatch got in one period, by the metric's name; what is not there was not measured."""
COMPARED: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}
ARITHMETIC: Final[Mapping[type[ast.AST], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
}


class NoData(Exception):
    """A metric that the expression needs was not measured."""


def state(alarm: Mapping[str, Any], periods: Sequence[Minute]) -> str:
    """Return the alarm's state after these periods, the newest last: ALARM or OK."""
    looked_at = list(periods[-alarm["EvaluationPeriods"] :])
    missing_is_breaching = alarm["TreatMissingData"] == "breaching"
    breaching = 0
    for period in looked_at:
        value = _value(alarm, period)
        over = (
            missing_is_breaching if value is None else COMPARED[alarm["ComparisonOperator"]](value, alarm["Threshold"])
        )
        breaching += over
    return "ALARM" if breaching >= alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) else "OK"


def _value(alarm: Mapping[str, Any], period: Minute) -> float | None:
    if "MetricName" in alarm:
        return period.get(alarm["MetricName"])
    names = {
        each["Id"]: each["MetricStat"]["Metric"]["MetricName"] for each in alarm["Metrics"] if "MetricStat" in each
    }
    [shown] = [each for each in alarm["Metrics"] if "Expression" in each]
    measured = {name: period[metric] for name, metric in names.items() if metric in period}
    try:
        return _evaluated(ast.parse(shown["Expression"], mode="eval").body, measured)
    except NoData:
        return None


def _evaluated(node: ast.expr, measured: Mapping[str, float]) -> float:  # noqa: PLR0911 - a case for each form
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            if name not in measured:
                raise NoData
            return measured[name]
        case ast.BinOp(left, op, right):
            return ARITHMETIC[type(op)](_evaluated(left, measured), _evaluated(right, measured))
        case ast.Compare(left, [op], [right]):
            return ARITHMETIC[type(op)](_evaluated(left, measured), _evaluated(right, measured))
        case ast.Call(ast.Name("IF"), [condition, yes, no]):
            wanted = yes if _evaluated(condition, measured) else no
            # Both sides are series: where one has no data, neither has the result.
            for name in [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and each.id != "IF"]:
                if name not in measured:
                    raise NoData
            return _evaluated(wanted, measured)
        case ast.Call(ast.Name("SUM"), [ast.List(elements)]):
            return sum(_evaluated(each, measured) for each in elements)
        case ast.Call(ast.Name("FILL"), [ast.Name(id=name), other]):
            return measured[name] if name in measured else _evaluated(other, measured)
    raise AssertionError(f"what is {ast.dump(node)}?")
