"""The server's clock never goes back, whatever the machine's does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stockwright.adapters.clock import BACK_MS_MAX, SystemClock
from stockwright.adapters.ids import SystemIds
from tests.conftest import START


class Machine:
    """A machine's two clocks (ns): one that can be set, one that cannot."""

    def __init__(self) -> None:
        self.wall, self.steady = START * 1_000_000, 5_000_000

    def goes_on(self, ms: int) -> None:
        self.wall += ms * 1_000_000
        self.steady += ms * 1_000_000

    def is_set(self, ms: int) -> None:
        self.wall += ms * 1_000_000

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall, lambda: self.steady)


STEPS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(-3_600_000, 3_600_000)), max_size=20)


@given(STEPS)
def test_time_and_ids_never_go_back(steps: list[tuple[int, int]]) -> None:
    machine = Machine()
    clock = machine.clock()
    ids = SystemIds(clock)
    times, names = [clock.now()], [ids.new("ord")]
    for on, step in steps:
        machine.is_set(step)
        machine.goes_on(on)
        times.append(clock.now())
        names.append(ids.new("ord"))
    assert times == sorted(times)
    assert names == sorted(names)
    assert times[-1] >= machine.wall // 1_000_000


def test_a_clock_that_is_ahead_runs_at_half_speed_until_it_is_right() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.now()
    machine.is_set(-60_000)
    assert clock.now() == START
    machine.goes_on(40_000)
    assert clock.now() == START + 20_000
    machine.goes_on(20_000)
    assert clock.now() == START + 30_000
    machine.goes_on(60_000)
    assert clock.now() == START + 60_000 == machine.wall // 1_000_000
    machine.goes_on(1000)
    assert clock.now() == machine.wall // 1_000_000


def test_a_correction_of_more_than_a_day_is_adopted_at_once() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.now()
    machine.is_set(-BACK_MS_MAX - 1)
    assert clock.now() == machine.wall // 1_000_000


def test_a_new_process_starts_from_the_last_time_of_the_one_before() -> None:
    machine = Machine()
    machine.is_set(-3_600_000)
    clock = machine.clock()
    clock.start_from(START)
    assert clock.now() == START
    machine.goes_on(2000)
    assert clock.now() == START + 1000
