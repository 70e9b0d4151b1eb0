"""A folder of a former release meets this one: upgraded behind a backup by serve and migrate, refused by the rest."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import httpx2
import pyotp
import pytest

from stockwright.cli import migrating
from stockwright.store import migrations
from stockwright.store.migrations import FORMAT
from stockwright.store.migrations.sqlite import FileUpgrade
from tests.aws.dynamodb_local import environment, open_table
from tests.cli.test_shop import Terminal
from tests.e2e.server import Server
from tests.formats import FORMER, all_bytes, all_rows, known, unpack

# A server as the file sees it: another process that has it open, and whose writes are in the log.
WRITER = """
import sys, apsw
file = apsw.Connection(sys.argv[1])
file.execute("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0")
columns = [name for _, name, *_ in file.execute("PRAGMA table_info(item)") if name != "pk"]
names = ", ".join(columns)
for number in range(2):
    orders = f"SELECT pk || '-{number}', {names} FROM item WHERE pk LIKE 'ORDER#%' LIMIT 1"
    file.execute(f"INSERT INTO item (pk, {names}) {orders}")
    print("written", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(params=FORMER)
def number(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def old(number: str, tmp_path: Path) -> Terminal:
    """A terminal whose data folder a former release wrote."""
    unpack(number, tmp_path / "data")
    return Terminal(tmp_path / "data")


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def backups(folder: Path) -> list[Path]:
    return sorted((folder / "backups").iterdir())


def test_migrate_writes_a_backup_that_restores_the_old_shop(old: Terminal, number: str, tmp_path: Path) -> None:
    before = all_bytes(old.folder)

    done = old.type("migrate", "--json")

    assert done.exit_code == 0, done.output
    body = json.loads(done.stdout)
    assert (body["format"], body["to"], body["dryRun"]) == (int(number), FORMAT, False)
    assert body["items"] > sum(body["changed"].values()) > 1000
    [backup] = backups(old.folder)
    assert body["backup"] == str(backup)
    assert (backup.stat().st_mode & 0o777, backup.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    audited = old.type("audit")
    assert (audited.exit_code, "Clean." in audited.output) == (0, True), audited.output

    other = Terminal(tmp_path / "restored")
    restored = other.type("restore", str(backup))
    assert restored.exit_code == 0, restored.output
    assert f"data format {number}" in restored.output
    assert "stockwright migrate" in restored.output
    unpack(number, tmp_path / "before")
    assert all_rows(other.folder / "stockwright.db") == all_rows(tmp_path / "before" / "stockwright.db")
    assert {name: content for name, content in all_bytes(other.folder).items() if name != "stockwright.db"} == {
        name: content for name, content in before.items() if name != "stockwright.db"
    }
    assert other.type("migrate").exit_code == 0
    assert other.type("audit").exit_code == 0

    again = old.type("migrate")
    assert (again.exit_code, "Nothing to do" in again.output) == (0, True)
    assert backups(old.folder) == [backup]


def test_a_dry_run_says_what_would_change_and_changes_no_byte(old: Terminal, number: str) -> None:
    before = all_bytes(old.folder)
    dry = old.type("migrate", "--dry-run")
    assert dry.exit_code == 0
    assert f"From data format {number} to {FORMAT}" in dry.output
    assert "ORDER" in dry.output
    as_json = json.loads(old.type("migrate", "--dry-run", "--json").stdout)
    assert all_bytes(old.folder) == before
    real = json.loads(old.type("migrate", "--json").stdout)
    assert (as_json["changed"], as_json["items"]) == (real["changed"], real["items"])


def test_a_dry_run_beside_a_running_server_counts_its_newest_writes_and_changes_nothing(
    old: Terminal, number: str
) -> None:
    before = json.loads(old.type("migrate", "--dry-run", "--json").stdout)
    path = old.folder / "stockwright.db"
    log = path.with_name(f"{path.name}-wal")
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == "written\n"
        stored = (path.read_bytes(), log.read_bytes())
        assert len(stored[1]) > 0
        beside = json.loads(old.type("migrate", "--dry-run", "--json").stdout)
        assert (path.read_bytes(), log.read_bytes()) == stored
        server.stdin.write("\n")
        server.stdin.flush()
        assert server.stdout.readline() == "written\n", "the server can go on writing"
        refused = old.type("migrate")
        assert refused.exit_code == 1
        assert "another program has" in refused.stderr
    assert beside["format"] == int(number)
    assert beside["items"] == before["items"] + 1
    assert beside["changed"] == {**before["changed"], "ORDER": before["changed"]["ORDER"] + 1}


@pytest.mark.parametrize(
    "words",
    [
        ("audit",),
        ("backup", "FILE"),
        ("users", "list"),
        ("keys", "list"),
        ("dead-letters", "list"),
        ("export", "products"),
        ("import", "products", "CSV"),
        ("demo",),
    ],
)
def test_every_other_command_refuses_an_old_folder_in_one_line_and_changes_nothing(
    old: Terminal, number: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    csv = tmp_path / "products.csv"
    csv.write_text("sku,name,description,category,price\nA-1,Chair,A chair to sit on.,other,1.00\n")
    given = [{"FILE": str(tmp_path / "new.backup"), "CSV": str(csv)}.get(word, word) for word in words]
    before = all_bytes(old.folder)
    refused = old.type(*given)
    assert refused.exit_code == 1
    [line] = filter(None, refused.stderr.splitlines())
    assert f"has data format {number}, this release uses {FORMAT}: stockwright migrate upgrades it" in line
    assert all_bytes(old.folder) == before
    assert not (tmp_path / "new.backup").exists()


def test_a_copy_to_the_cloud_refuses_a_folder_of_an_older_format(
    old: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = old.type("copy", "--from", "sqlite", "--to", "dynamodb", **environment(str(tmp_path)))
    assert refused.exit_code == 1
    assert "stockwright migrate upgrades it" in refused.stderr
    open_table(str(tmp_path))


@pytest.mark.parametrize("words", [("audit",), ("migrate",), ("serve",)])
def test_a_folder_of_a_newer_release_is_refused_in_one_line(old: Terminal, words: tuple[str, ...]) -> None:
    with closing(apsw.Connection(str(old.folder / "stockwright.db"))) as connection:
        connection.execute(f"PRAGMA user_version={FORMAT + 1}")
    refused = old.type(*words)
    assert refused.exit_code == 1
    [line] = filter(None, refused.stderr.splitlines())
    assert f"data format {FORMAT + 1}, this release reads {FORMAT} at most: use the release that wrote it" in line


def test_a_backup_of_a_newer_release_is_refused_and_leaves_nothing(old: Terminal, tmp_path: Path) -> None:
    assert old.type("migrate").exit_code == 0
    made = tmp_path / "new.backup"
    with closing(apsw.Connection(str(old.folder / "stockwright.db"))) as connection:
        connection.execute(f"PRAGMA user_version={FORMAT + 1}")
    from stockwright.cli.archives import secrets_in, write_archive

    draft = tmp_path / "draft"
    draft.mkdir()
    shutil.copy(old.folder / "stockwright.db", draft / "stockwright.db")
    write_archive(made, [draft / "stockwright.db", *secrets_in(old.folder)])
    other = Terminal(tmp_path / "restored")
    refused = other.type("restore", str(made))
    assert refused.exit_code == 1
    assert f"has data format {FORMAT + 1}" in refused.stderr
    assert list(other.folder.iterdir()) == []


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_a_migration_without_enough_disk_space_does_not_start(
    old: Terminal, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    before = all_bytes(old.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - 5_000_000, 5_000_000))
    refused = old.type(command, STOCKWRIGHT_PORT="0")
    assert refused.exit_code == 1
    [line] = [each for each in refused.stderr.splitlines() if each.startswith("Error")]
    assert "5 MB free" in line
    assert "make room first (nothing was changed)" in line
    after = all_bytes(old.folder)
    assert {name: after[name] for name in before} == before
    assert not (old.folder / "backups").exists()


def test_migrate_off_leaves_it_to_the_operator(old: Terminal) -> None:
    before = all_bytes(old.folder)
    refused = old.type("serve", STOCKWRIGHT_MIGRATE="off", STOCKWRIGHT_PORT="0")
    assert refused.exit_code == 1
    [line] = filter(None, refused.stderr.splitlines())
    assert "STOCKWRIGHT_MIGRATE is off: run stockwright migrate first" in line
    after = all_bytes(old.folder)
    assert {name: after[name] for name in before} == before
    assert old.type("migrate", STOCKWRIGHT_MIGRATE="off").exit_code == 0


def test_an_interrupted_migration_continues_with_its_first_backup(
    old: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "PAGE", 250)
    step, left = FileUpgrade.step, [3]

    def stop(upgrade: FileUpgrade) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        step(upgrade)

    monkeypatch.setattr(FileUpgrade, "step", stop)
    cut = old.type("migrate")
    assert cut.exit_code == 1
    assert "run it again, and it goes on where it was" in cut.stderr
    [backup] = backups(old.folder)
    before = backup.read_bytes()
    # What a kill in the middle of a backup leaves behind is no backup.
    (old.folder / "backups" / migrating.DRAFT).mkdir()

    left[0] = 1000
    done = json.loads(old.type("migrate", "--json").stdout)

    assert done["backup"] == str(backup)
    assert [each for each in backups(old.folder) if each.is_file()] == [backup]
    assert backup.read_bytes() == before
    assert old.type("audit").exit_code == 0


def test_a_table_is_upgraded_from_the_command_line_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(tmp_path / "data")
    table = {"STOCKWRIGHT_STORE": "dynamodb", **environment(str(tmp_path))}
    open_table(str(tmp_path))
    dry = json.loads(terminal.type("migrate", "--dry-run", "--json", **table).stdout)
    assert (dry["format"], dry["to"], dry["items"]) == (1, FORMAT, 0)
    first = terminal.type("migrate", **table)
    assert (first.exit_code, f"to {FORMAT}" in first.output) == (0, True), first.output
    assert "Nothing to do" in terminal.type("migrate", **table).output


# ---- a server --------------------------------------------------------------------------------


@pytest.fixture
def server(number: str, tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "data"
    unpack(number, folder)
    made = Server(folder)
    del made.env["STOCKWRIGHT_ADMIN_EMAIL"], made.env["STOCKWRIGHT_ADMIN_PASSWORD"]
    yield made
    if made.process is not None and made.process.poll() is None:
        assert made.stop() == 0


def test_serve_migrates_by_itself_and_accounts_and_keys_still_work(server: Server, number: str) -> None:
    server.start()
    result, shop = server.log.read_text(), known(number)
    assert f"has data format {number}; it is upgraded first" in result
    [backup] = backups(server.folder)
    assert f"Backed up into {backup}" in result

    def sign_in(email: str, **more: str) -> httpx2.Response:
        body = {"email": email, "password": shop["accounts"][email], **more}
        return httpx2.post(f"{server.url}/api/signin", json=body)

    def get(path: str, token: str) -> Any:
        answer = httpx2.get(f"{server.url}/api{path}", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    admin, second, buyer = shop["accounts"]
    as_admin, as_buyer = (sign_in(each).json()["data"]["idToken"] for each in (admin, buyer))
    assert sign_in(second).status_code != 200, "the second factor is asked for"
    assert sign_in(second, mfaCode=pyotp.TOTP(shop["totp"][second]).now()).status_code == 200
    lamp = {"productId": shop["products"]["lamp"], "quantity": 1}
    machine = httpx2.post(f"{server.url}/api/sales", json=lamp, headers={"authorization": shop["apiKey"]})
    assert machine.status_code == 201, machine.text
    for status, order in shop["orders"].items():
        found = get(f"/orders/{order}", as_buyer)
        # The handlers of a pending order go on beside us.
        assert found["status"] == status or status == "PENDING"
    assert get("/users/me", as_buyer)["email"] == buyer
    placed = httpx2.post(
        f"{server.url}/api/orders",
        json={"productId": shop["products"]["bench"], "quantity": 1},
        headers={"authorization": f"Bearer {as_buyer}"},
    )
    assert placed.status_code == 201, placed.text
    assert get(f"/orders/{shop['orders']['CONFIRMED']}", as_admin)["userEmail"] == buyer
    assert server.stop() == 0

    server.log.write_text("")
    server.start()
    assert "it is upgraded first" not in server.log.read_text()
    assert backups(server.folder) == [backup]
    assert server.command("audit").returncode == 0
