"""Many seeds of the simulated shop. A failure names its seed: `python -m tests.model.simulation <seed>` replays it."""

from __future__ import annotations

import time

import pytest

from tests.model.simulation import Simulation
from tests.proving import SECONDS, SEED

SEEDS = 120


@pytest.mark.slow
def test_every_seed_leaves_consistent_numbers_and_one_effect_per_event() -> None:
    started, cpu = time.monotonic(), time.process_time()
    ran = crashes = events = cloud = 0
    while ran < SEEDS or time.monotonic() - started < SECONDS:
        seed = SEED * 1_000_000 + ran
        simulation = Simulation(seed)
        try:
            simulation.run()
        except BaseException as wrong:
            raise AssertionError(f"python -m tests.model.simulation {seed}  # {wrong!r}") from wrong
        ran += 1
        crashes += simulation.crashes
        events += len(simulation.durable.log)
        cloud += simulation.queues is not None
    took = time.monotonic() - started
    speed = f"{60 * ran / took:.0f} a minute, {60 * ran / (time.process_time() - cpu):.0f} a minute of processor"
    print(f"simulation: {ran} seeds ({cloud} by queues), {crashes} crashes, {events} events, {speed}")
    assert crashes
    assert cloud


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_the_same_seed_gives_the_same_run(seed: int) -> None:
    assert Simulation(seed).run() == Simulation(seed).run()
