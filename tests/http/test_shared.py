"""What several workers know of each other's requests: rate limits, and the keys that are being worked on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stockwright.base.errors import RateLimited
from stockwright.http.key_locks import KeyLocks
from stockwright.http.limits import POLICIES, Limits
from stockwright.http.shared_windows import BUCKETS, SLOTS, SharedWindows

NO_END = 10**9
"""A window (s) whose end no test meets."""


def test_several_workers_allow_together_what_the_limit_says(tmp_path: Path) -> None:
    workers = [SharedWindows(tmp_path / "limits") for _ in range(3)]
    allowed = [workers[turn % 3].acquire_sliding_window_entry("alice", 20, NO_END) for turn in range(60)]
    assert allowed == [True] * 20 + [False] * 40
    assert workers[0].acquire_sliding_window_entry("bob", 20, NO_END)
    assert [each.get_sliding_window("alice", NO_END)[2] for each in workers] == [20] * 3
    workers[1].clear_sliding_window("alice", NO_END)
    assert workers[2].acquire_sliding_window_entry("alice", 20, NO_END)


def test_the_window_before_counts_for_the_part_of_it_that_is_not_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows, now = SharedWindows(tmp_path / "limits"), [600.0]
    monkeypatch.setattr("stockwright.http.shared_windows.time.time", lambda: now[0])
    assert all(windows.acquire_sliding_window_entry("alice", 60, 60) for _ in range(60))
    now[0] = 660 + 30
    assert [windows.acquire_sliding_window_entry("alice", 60, 60) for _ in range(31)] == [True] * 30 + [False]
    assert windows.get_sliding_window("alice", 60) == (60, 30, 30, 90)
    now[0] = 660 + 180
    assert windows.get_sliding_window("alice", 60)[:3] == (0, 0, 0)


def test_a_full_table_forgets_those_that_are_idle_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    windows, now = SharedWindows(tmp_path / "limits"), [600.0]
    monkeypatch.setattr("stockwright.http.shared_windows.time.time", lambda: now[0])
    for number in range(2 * BUCKETS * SLOTS):
        windows.acquire_sliding_window_entry(f"visitor {number}", 5, 60)
    now[0] += 60
    assert all(windows.acquire_sliding_window_entry("alice", 5, 60) for _ in range(5))
    assert not windows.acquire_sliding_window_entry("alice", 5, 60)
    assert (tmp_path / "limits").stat().st_size == BUCKETS * SLOTS * 24


def test_workers_count_requests_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockwright.http.shared_windows.time.time", lambda: 600.0)
    workers = [Limits(on=True, shared=tmp_path) for _ in range(2)]
    for turn in range(POLICIES["sign-in"]):
        workers[turn % 2].count("sign-in", "10.0.0.1")
    for worker in workers:
        with pytest.raises(RateLimited):
            worker.count("sign-in", "10.0.0.1")
        worker.count("sign-in", "10.0.0.2")


def test_a_key_is_one_workers_until_it_is_done_or_dies(tmp_path: Path) -> None:
    ours = KeyLocks(tmp_path / "keys")
    program = (
        "import sys, pathlib; from stockwright.http.key_locks import KeyLocks\n"
        "locks = KeyLocks(pathlib.Path(sys.argv[1]))\n"
        "for line in sys.stdin: print(getattr(locks, line.split()[0])(line.split()[1]), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "keys")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        asks, answers = other.stdin, other.stdout
        assert asks is not None
        assert answers is not None

        def ask(line: str) -> str:
            asks.write(f"{line}\n")
            asks.flush()
            return answers.readline().strip()

        assert ask("take a") == "True"
        assert not ours.take("a")
        assert ours.take("b")
        assert ask("take b") == "False"
        ours.give_back("b")
        assert ask("take b") == "True"
        other.kill()
        other.wait()
        assert ours.take("a")
        assert ours.take("b")
