"""A rush of orders on DynamoDB's published limits, short; and the simulated client beside AWS's own engine."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from benchmarks.dynamodb_simulation import run, rushes
from benchmarks.partitions import page
from benchmarks.simulated_dynamodb import SimulatedClient

from stockwright.store.dynamodb.engine import DynamoDbStore
from stockwright.store.port import ABSENT, Add, Check, ConditionFailed, Delete, Put, Write
from tests.aws.dynamodb_local import open_table
from tests.proving import SECONDS, SEED

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("number", range(3))
def test_a_rush_is_exact_and_hardly_anybody_is_refused(number: int) -> None:
    rush = rushes(3.0, 1000)[number] if SECONDS else rushes(0.4, 500)[number]
    outcome = run(rush, SEED)
    assert (outcome.drift, outcome.false_sold_out, outcome.counts["confirmations given up"]) == (0, 0, 0)
    assert outcome.busy_share < 0.01
    assert (outcome.parts > 1) == (rush.products == 1)
    assert (outcome.counts["sold out"] > 0) == (rush.name.endswith("sold out"))


def some_writes(dice: random.Random, versions: dict[Any, int]) -> list[Write]:
    writes: list[Write] = []
    for key in dice.sample([(f"P#{number}", "THING") for number in range(4)], dice.randint(1, 3)):
        version = versions.get(key, ABSENT) + dice.choice((0, 0, 0, 1))
        path, floor = ("levels", "a", "available"), dice.choice((0, 0, -5))
        body = {"levels": {"a": {"available": dice.randint(0, 5)}}}
        add = Add(key, {path: dice.randint(-4, 4)}, {path: floor}, dice.choice((None, version)), {"at": 7})
        writes.append(
            dice.choice([Put(key, body, version), add, add, add, Check(key, version), Delete(key, max(1, version))])
        )
    return writes


async def test_the_simulated_client_decides_as_dynamodb_does(tmp_path: Path) -> None:
    dice, real = random.Random(SEED), open_table(str(tmp_path))
    simulated = DynamoDbStore("simulated", SimulatedClient())
    keys = [(f"P#{number}", "THING") for number in range(4)]
    done = 0
    for _ in range(150):
        versions = {key: item.version for key, item in (await real.get(keys)).items()}
        writes, outcomes = some_writes(dice, versions), []
        for store in (real, simulated):
            try:
                await store.commit(writes)
            except ConditionFailed as refused:
                outcomes.append(refused.positions)
            else:
                outcomes.append(())
        assert outcomes[0] == outcomes[1], writes
        done += not outcomes[0]
        found = [
            {key: (item.version, item.body) for key, item in (await each.get(keys)).items()}
            for each in (real, simulated)
        ]
        assert found[0] == found[1]
    assert 20 < done < 130
    await real.close()
    await simulated.close()


def test_the_documents_partitions_are_the_codes() -> None:
    assert page() in (ROOT / "docs/aws.md").read_text(encoding="utf-8"), "run python -m benchmarks.partitions"
