"""Names sort in the order they were made, whatever the clock does."""

from __future__ import annotations

from stockwright.adapters.ids import BACK_MS_MAX, SystemIds
from stockwright.base.ids import number_of
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


def test_numbered_ids_sort_as_they_were_made_and_have_a_number_each(clock: Clock) -> None:
    ids, made = SystemIds(clock), list[str]()
    for step in (0, 0, 1, -1, -BACK_MS_MAX + 10, 30, 5_000):
        clock.at += step
        made += [ids.new_numbered("ord") for _ in range(400)]
    assert made == sorted(made)
    assert len({number_of(each) for each in made}) == len(made)
    assert {len(number_of(each)) for each in made} == {len("6QF4M-8K2TB")}


def test_processes_that_make_the_same_number_make_the_same_id(clock: Clock) -> None:
    made = [SystemIds(clock).new_numbered("ord") for _ in range(2_000)]
    assert len(set(made)) == len({number_of(each) for each in made}) <= 512
