"""CloudWatch's metrics, as lines of the log in its embedded metric format (EMF)."""

from __future__ import annotations

from typing import Final

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE: Final = "Stockwright"


def count(name: str, number: int = 1, handler: str | None = None) -> None:
    """Count something: for all handlers, which is what an alarm looks at, and for this one. Nothing of nothing."""
    if not number:
        return
    with single_metric(name=name, unit=MetricUnit.Count, value=number, namespace=NAMESPACE):
        pass
    if handler is not None:
        with single_metric(name=name, unit=MetricUnit.Count, value=number, namespace=NAMESPACE) as metric:
            metric.add_dimension("handler", handler)
