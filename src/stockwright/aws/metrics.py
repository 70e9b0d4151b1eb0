"""CloudWatch's metrics, as lines of the log in its embedded metric format (EMF)."""

from __future__ import annotations

from typing import Final

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE: Final = "Stockwright"


def count(name: str, number: int = 1, **dimensions: str) -> None:
    """Count something; nothing is written of nothing."""
    if number:
        with single_metric(name=name, unit=MetricUnit.Count, value=number, namespace=NAMESPACE) as metric:
            for dimension, value in dimensions.items():
                metric.add_dimension(dimension, value)
