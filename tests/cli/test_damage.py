"""Every command on a shop whose files are damaged, missing or not to be read: one line, and never a traceback."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from stockwright.app import build, close
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.cli.main import app as cli
from stockwright.config import Settings
from stockwright.request import BY_SYSTEM
from tests.cli.test_shop import Terminal
from tests.needs import program
from tests.patience import PATIENCE_SECONDS

PAGE = 8192
PRODUCTS = 40

COMMANDS = {
    "audit": [],
    "backup": ["{new}"],
    "config": [],
    "copy": ["--from", "sqlite", "--to", "dynamodb"],
    "dead-letters list": [],
    "dead-letters redrive": ["--all"],
    "demo": [],
    "export inventory": ["{new}"],
    "export movements": ["{new}"],
    "export orders": ["{new}"],
    "export products": ["{new}"],
    "import orders": ["{csv}"],
    "import products": ["{csv}"],
    "import stock": ["{csv}"],
    "users reset-link": ["nobody@example.com"],
    "keys add": ["till", "--scope", "sales"],
    "keys list": [],
    "keys revoke": ["key_none"],
    "migrate": [],
    "rollups rebuild": [],
    "restore": ["{csv}"],
    "retention accept": [],
    "retention show": [],
    "serve": [],
    "users add": ["a@example.com", "--password-stdin"],
    "users erase": ["a@example.com"],
    "users disable": ["a@example.com"],
    "users enable": ["a@example.com"],
    "users list": [],
    "users mfa-off": ["a@example.com"],
    "users password": ["a@example.com", "--password-stdin"],
    "users role": ["a@example.com", "admin"],
}
NO_AWS = {
    "STOCKWRIGHT_TABLE_NAME": "none",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}
OPEN_NO_FOLDER = {"bench", "cloud down", "cloud up", "table check", "table create", "table shards"}


def leaves(command: Any, name: str = "") -> Iterator[str]:
    """Every command that there is, by its words."""
    if not hasattr(command, "commands"):
        yield name
        return
    for word, each in command.commands.items():
        yield from leaves(each, f"{name} {word}".strip())


def test_every_command_is_tried_here() -> None:
    assert set(leaves(typer.main.get_command(cli))) - OPEN_NO_FOLDER == set(COMMANDS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole shop, to be copied."""
    folder = tmp_path_factory.mktemp("whole") / "data"

    async def make() -> None:
        app = await build(Settings(data_dir=folder))
        for number in range(PRODUCTS):
            text = f"A chair to sit on, number {number}. " * 20
            await create_product(
                app, BY_SYSTEM, CreateProduct(f"Chair {number}", f"C-{number}", text, "other", 1000, quantity=5)
            )
        await close(app)

    asyncio.run(make())
    return folder


def garbage(folder: Path) -> None:
    (folder / "stockwright.db").write_bytes(b"This is a letter to the shop. " * 2000)


def half(folder: Path) -> None:
    whole = (folder / "stockwright.db").read_bytes()
    (folder / "stockwright.db").write_bytes(whole[: len(whole) // 2 // PAGE * PAGE])


def pages(folder: Path) -> None:
    """Every page but the first few is noise."""
    whole = (folder / "stockwright.db").read_bytes()
    first = 4 * PAGE
    (folder / "stockwright.db").write_bytes(whole[:first] + b"\xa5" * (len(whole) - first))


def nothing(folder: Path) -> None:
    shutil.rmtree(folder)


def a_folder(folder: Path) -> None:
    (folder / "stockwright.db").unlink()
    (folder / "stockwright.db").mkdir()


def wrong_key(folder: Path) -> None:
    (folder / "token-key.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\nnone\n")


def no_key(folder: Path) -> None:
    (folder / "signing-key").unlink()
    (folder / "signing-key").mkdir()


def file_for_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("a file")


DAMAGES = (garbage, half, pages, nothing, a_folder, wrong_key, no_key, file_for_folder)
OPENS_NOTHING = {"config", "restore"}
READS_NO_KEY = {"migrate"}
MAY_WORK = {half, pages, nothing}
"""A command may meet none of the damage, or make a shop where there is none; what it must not is break off."""


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
def test_no_command_crashes_on_damaged_files(
    shop: Path, tmp_path: Path, damage: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    csv = tmp_path / "file.csv"
    csv.write_text("sku,quantity\nC-1,3\n")
    for name, arguments in COMMANDS.items():
        if damage in MAY_WORK and name in {"serve", "demo"}:
            continue  # where it may work, it goes on for ever, or for long
        terminal = Terminal(tmp_path / "data")
        shutil.copytree(shop, terminal.folder)
        damage(terminal.folder)
        new = tmp_path / "new"
        words = [*name.split(), *(each.format(new=new, csv=csv) for each in arguments)]
        done = terminal.type(*words, STOCKWRIGHT_PORT="0", **NO_AWS)
        assert done.exception is None or isinstance(done.exception, SystemExit), (words, done.exc_info)
        is_met = not (name in OPENS_NOTHING or (name in READS_NO_KEY and damage in {wrong_key, no_key}))
        if is_met and damage not in MAY_WORK:
            assert done.exit_code in {1, 2}, (words, done.output)
        # An import that works refuses rows, since their products are gone; audit lists what it found.
        reports = name == "audit" or (damage in MAY_WORK and name.startswith("import"))
        if done.exit_code == 1 and not reports:
            assert done.output.count("Error:") == 1, (words, done.output)
        if done.exit_code == 1 and name == "backup":
            assert not new.exists(), "what is not whole is not left"
        assert "Kept" not in done.output or damage not in (half, pages), words
        new.unlink(missing_ok=True)
        shutil.rmtree(terminal.folder) if terminal.folder.is_dir() else terminal.folder.unlink(missing_ok=True)


def test_a_backup_of_a_damaged_body_is_refused_and_named(shop: Path, tmp_path: Path) -> None:
    """SQLite finds its own structure whole; what is in a row is ours to look at."""
    terminal = Terminal(tmp_path / "data")
    shutil.copytree(shop, terminal.folder)
    file = terminal.folder / "stockwright.db"
    whole = file.read_bytes()
    assert whole.count(b'"sku":"C-7"') >= 1
    file.write_bytes(whole.replace(b'"sku":"C-7"', b'\x00sku":"C-7"'))
    refused = terminal.type("backup", str(tmp_path / "new"))
    assert refused.exit_code == 1
    assert refused.output.count("\n") == 1
    assert "damaged" in refused.output
    assert not (tmp_path / "new").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def test_an_archive_of_a_damaged_shop_is_not_restored(shop: Path, tmp_path: Path) -> None:
    """An archive that an older release made of a damaged shop, say."""
    import tarfile

    for name, damage in (("garbage", garbage), ("pages", pages), ("half", half)):
        folder = tmp_path / name
        shutil.copytree(shop, folder)
        damage(folder)
        with tarfile.open(tmp_path / f"{name}.backup", "w:gz") as packed:
            packed.add(folder / "stockwright.db", "stockwright.db")
        other = Terminal(tmp_path / f"{name}-restored")
        refused = other.type("restore", str(tmp_path / f"{name}.backup"))
        assert refused.exit_code == 1, refused.output
        assert refused.output.count("\n") == 1, refused.output
        assert "not a complete backup" in refused.output
        assert list(other.folder.iterdir()) == []


@pytest.mark.parametrize("with_log", [False, True], ids=["whole file", "with its log"])
def test_a_read_only_copy_is_audited_and_stays_unchanged(shop: Path, tmp_path: Path, with_log: bool) -> None:
    folder = tmp_path / "data"
    if with_log:
        folder.mkdir()
        asyncio.run(copied_while_it_serves(shop, tmp_path / "served", folder))
    else:
        shutil.copytree(shop, folder)
        (folder / "signing-key").unlink()
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    for each in folder.iterdir():
        each.chmod(0o444)
    folder.chmod(0o555)
    done = as_bound(folder, "audit", "--json")
    assert done.returncode == 0, done.stderr
    assert f'"products": {PRODUCTS + with_log}' in done.stdout
    listed = as_bound(folder, "export", "products")
    assert listed.returncode == 0, listed.stderr
    repaired = as_bound(folder, "audit", "--repair")
    assert repaired.returncode == 1
    assert repaired.stderr.count("\n") == 1, repaired.stderr
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


async def copied_while_it_serves(shop: Path, served: Path, folder: Path) -> None:
    """Copy the files of an open shop, with a product that only its log holds, as a snapshot of the disk would."""
    shutil.copytree(shop, served)
    app = await build(Settings(data_dir=served))
    await create_product(app, BY_SYSTEM, CreateProduct("Late", "LATE", "It came last of all.", "other", 100))
    for name in ("stockwright.db", "stockwright.db-wal"):
        shutil.copy(served / name, folder / name)
    await close(app)


def as_bound(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody whom file modes bind: root may write whatever they say, unless that is taken away."""
    bound = [program("setpriv"), "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []
    return subprocess.run(
        [*bound, sys.executable, "-m", "stockwright.cli.main", *words],
        env={"STOCKWRIGHT_DATA_DIR": str(folder), "PATH": os.environ["PATH"]},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
