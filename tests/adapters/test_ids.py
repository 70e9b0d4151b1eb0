"""Names sort in the order they were made, whatever the clock does."""

from __future__ import annotations

from stockwright.adapters.ids import BACK_MS_MAX, SystemIds
from tests.conftest import START, Clock


def test_a_clock_that_steps_back_does_not_reverse_the_order_of_ids(clock: Clock) -> None:
    ids, made = SystemIds(clock), list[str]()
    for step in (0, 5, -1, 0, -BACK_MS_MAX + 10, 20, 1):
        clock.at += step
        made += [ids.new("mov") for _ in range(3)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_return_to_the_present_after_a_clock_was_far_ahead(clock: Clock) -> None:
    ids = SystemIds(clock)
    clock.at = START + 2 * BACK_MS_MAX
    ids.new("mov")
    clock.at = START
    now = ids.new("mov")
    assert ids.first("mov", START) < now < ids.first("mov", START + 1)
