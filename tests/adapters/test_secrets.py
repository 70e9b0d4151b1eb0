"""Secret files: made once, whole or not at all."""

from __future__ import annotations

import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stockwright.adapters.secrets import load_or_make
from stockwright.base.errors import Misconfigured


def test_a_full_disk_gets_one_clear_line_and_the_next_start_works(tmp_path: Path) -> None:
    path = tmp_path / "signing-key"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
    try:
        with pytest.raises(Misconfigured, match=r"cannot write .*signing-key: File too large"):
            load_or_make(path, lambda: b"x" * 32)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
    assert load_or_make(path, lambda: b"x" * 32) == b"x" * 32
    assert [each.name for each in tmp_path.iterdir()] == ["signing-key"]


def test_many_starts_at_once_all_use_the_secret_of_the_first(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: load_or_make(tmp_path / "key", lambda: b"%d" % n), range(8)))
    assert len(set(made)) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["key"]
