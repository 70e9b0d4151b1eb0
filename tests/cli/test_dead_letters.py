"""What was given up, from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stockwright.app import build, close
from stockwright.base.event import Event
from stockwright.cli import dead_letters
from stockwright.config import Settings
from stockwright.context import App
from stockwright.events.records import DeadLetter, put_dead_letter, waiting_retries
from stockwright.operations.usecases import delete_dead_letter
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch

IDS = ["dlq_1-mail", "dlq_2-mail", "dlq_3-mail"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A shop in which three events were given up."""
    made = Settings(data_dir=tmp_path / "data")
    asyncio.run(_fill(made))
    return made


async def _fill(settings: Settings) -> None:
    app, batch = await build(settings), Batch()
    for name in IDS:
        put_dead_letter(
            batch, DeadLetter(name, "mail", Event(f"evt_{name}", "order.placed", "[/b]", 1, {}), "[/x]", 3, 1, 1)
        )
    await batch.commit(app.store)
    await close(app)


def typed(settings: Settings, *words: str) -> Result:
    env = {"STOCKWRIGHT_DATA_DIR": str(settings.data_dir), "COLUMNS": "200", "TERM": "dumb"}
    return CliRunner().invoke(dead_letters.app, list(words), env=env)


def left(settings: Settings) -> set[str]:
    return {each["id"] for each in json.loads(typed(settings, "list", "--json").stdout)}


async def waiting(settings: Settings) -> int:
    app = await build(settings)
    try:
        return await waiting_retries(app.store)
    finally:
        await close(app)


def test_dead_letters_are_listed_without_interpreting_their_text(settings: Settings) -> None:
    listed = typed(settings, "list")
    assert listed.exit_code == 0
    assert "[/b]" in listed.stdout
    assert "[/x]" in listed.stdout


def test_a_dead_letter_that_was_removed_meanwhile_does_not_stop_the_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = dead_letters._all

    async def look_and_be_slow(shop: App) -> list[DeadLetter]:
        found = await look(shop)
        await delete_dead_letter(shop, BY_SYSTEM, found[1].id)
        return found

    monkeypatch.setattr(dead_letters, "_all", look_and_be_slow)
    done = typed(settings, "redrive", "--all", "--per-minute", "6000")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("2 redriven")
    monkeypatch.undo()
    assert left(settings) == set()
    assert asyncio.run(waiting(settings)) == 2


def test_unknown_dead_letters_are_reported_and_the_others_are_redriven(settings: Settings) -> None:
    done = typed(settings, "redrive", "nothing", IDS[0], IDS[2])
    assert done.exit_code == 1
    assert done.stdout.startswith("2 redriven")
    assert "There is no dead letter nothing" in done.stderr
    assert left(settings) == {IDS[1]}
