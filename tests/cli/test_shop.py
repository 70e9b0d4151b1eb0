"""The command line on a whole shop: what an operator types, and what the terminal says."""

from __future__ import annotations

import json
import random
import resource
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stockwright.cli.main import app as cli
from tests.aws.dynamodb_local import environment, open_table
from tests.formats import unpack

DATA = Path(__file__).parent.parent / "data"


class Terminal:
    """A terminal with the settings of one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "STOCKWRIGHT_DATA_DIR": str(folder),
            "STOCKWRIGHT_LOG_LEVEL": "error",
            "COLUMNS": "200",
            "TERM": "dumb",
        }

    def type(self, *words: str, **env: str) -> Result:
        return self.feed(b"", *words, **env)

    def feed(self, content: bytes, *words: str, **env: str) -> Result:
        """Type a command that reads this from standard input."""
        return CliRunner().invoke(cli, list(words), env={**self.env, **env}, input=content)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "data")


@pytest.fixture
def demo(terminal: Terminal) -> Terminal:
    made = terminal.type("demo")
    assert made.exit_code == 0, made.output
    assert "admin@demo.example" in made.output
    return terminal


def test_every_command_explains_itself(terminal: Terminal) -> None:
    result = terminal.type("--help").output
    for word in (
        "serve",
        "demo",
        "audit",
        "backup",
        "restore",
        "config",
        "copy",
        "users",
        "keys",
        "dead-letters",
        "import",
    ):
        assert word in result
        assert terminal.type(word, "--help").exit_code == 0
    assert terminal.type("--version").output.startswith("stockwright ")


def test_the_settings_are_listed_and_secrets_are_not_shown(terminal: Terminal) -> None:
    body = terminal.type("config", "--json", STOCKWRIGHT_WAREHOUSE_API_KEY="hush-hush")
    assert "hush-hush" not in body.output
    rows = {row["name"]: row["value"] for row in json.loads(body.output)}
    assert rows["STOCKWRIGHT_WAREHOUSE_API_KEY"] == "set"
    assert rows["STOCKWRIGHT_PORT"] == "8000"
    assert "STOCKWRIGHT_RETRY_DELAY_SECONDS" in terminal.type("config").output


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "many", "port number"),
        ("PORT", "70000", "port number"),
        ("STORE", "mysql", "sqlite"),
        ("RATE_LIMIT", "maybe", "on or off"),
        ("SMTP_URL", "mail.example.com", "smtp://"),
        ("RETRY_DELAY_SECONDS", "-1", "number"),
        ("CORS_ORIGINS", "example.com", "https://"),
        ("ALERT_EMAILS", "nobody", "e-mail"),
        ("PROT", "8000", "not a setting"),
        ("ADMIN_PASSWORD", "Geheim-4711-aber", "ADMIN_EMAIL"),
    ],
)
def test_a_wrong_setting_stops_with_one_clear_line(terminal: Terminal, name: str, value: str, expected: str) -> None:
    refused = terminal.type("audit", **{f"STOCKWRIGHT_{name}": value})
    assert refused.exit_code == 1
    lines = refused.output.strip().splitlines()
    assert len(lines) == 1
    assert f"STOCKWRIGHT_{name}" in lines[0]
    assert expected in lines[0]


def test_the_demo_is_loaded_once_with_products_orders_and_movements(demo: Terminal) -> None:
    again = demo.type("demo")
    assert again.exit_code == 0
    audited = json.loads(demo.type("audit", "--json").output)
    assert audited["clean"]
    assert audited["products"] >= 60
    assert audited["movements"] > 300
    assert audited["holds"] > 0
    assert json.loads(demo.type("dead-letters", "list", "--json").output) == []
    assert "no dead letters" in demo.type("dead-letters", "list").output


def test_the_audit_finds_a_manipulated_number(demo: Terminal) -> None:
    assert "Clean." in demo.type("audit").output
    database = sqlite3.connect(demo.folder / "stockwright.db")
    database.execute(
        "UPDATE item SET body = replace(body, '\"available\":6,', '\"available\":9,') WHERE rowid = "
        "(SELECT rowid FROM item WHERE sk = 'STOCK' AND body LIKE '%\"available\":6,%' LIMIT 1)"
    )
    if database.total_changes == 0:
        database.execute("DELETE FROM item WHERE rowid = (SELECT rowid FROM item WHERE sk LIKE 'MOVEMENT#%' LIMIT 1)")
    database.commit()
    database.close()

    found = demo.type("audit")

    assert found.exit_code == 1
    assert "do not add up" in found.output
    drifts = json.loads(demo.type("audit", "--json").output)["drifts"]
    assert drifts
    assert all(drift["stored"] != drift["expected"] for drift in drifts)


def test_a_new_shop_removes_old_records_and_an_earlier_one_waits_for_an_admin(
    terminal: Terminal, tmp_path: Path
) -> None:
    assert terminal.type("demo").exit_code == 0
    shown = terminal.type("retention", "show").output
    assert "Notifications:       90 days" in shown
    assert "Older records are written to archive files, then removed." in shown

    earlier = Terminal(tmp_path / "earlier")
    unpack("1", earlier.folder)
    assert earlier.type("migrate").exit_code == 0
    assert "Only request records are removed" in earlier.type("retention", "show").output
    accepted = json.loads(earlier.type("retention", "accept", "--json").output)
    assert (accepted["removes"], accepted["acceptedBy"]) == (True, "system")
    assert "Older records are written to archive files" in earlier.type("retention", "show").output
    without = earlier.type("retention", "show", STOCKWRIGHT_ARCHIVE="off", STOCKWRIGHT_KEEP_EVENTS_DAYS="0").output
    assert "Older records are removed without an archive." in without
    assert "Events:              for ever" in without


def test_a_backup_is_restored_into_another_folder_and_audits_clean(demo: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "shop.backup"
    picture = demo.folder / "files" / "media" / "img_1-0a-320.webp"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(b"a picture")
    saved = demo.type("backup", str(file))
    assert saved.exit_code == 0, saved.output
    assert file.stat().st_mode & 0o077 == 0
    assert demo.type("backup", str(file)).exit_code == 1

    other = Terminal(tmp_path / "other")
    restored = other.type("restore", str(file))
    assert restored.exit_code == 0, restored.output
    assert "Restored" in restored.output
    copied = other.folder / "files" / "media" / picture.name
    assert copied.read_bytes() == b"a picture"
    assert [each.stat().st_mode & 0o077 for each in (copied, copied.parent, copied.parent.parent)] == [0, 0, 0]
    before, after = (json.loads(each.type("audit", "--json").output) for each in (demo, other))
    assert before == after
    assert json.loads(demo.type("users", "list", "--json").output) == json.loads(
        other.type("users", "list", "--json").output
    )

    assert other.type("demo").output == demo.type("demo").output, "the demo's passwords still open it"

    refused = demo.type("restore", str(file))
    assert refused.exit_code == 1
    assert "not empty" in refused.output


def test_a_shop_with_keys_outside_its_folder_is_backed_up_and_restored(terminal: Terminal, tmp_path: Path) -> None:
    """Who signs in by a user pool has no key for tokens in the data folder."""
    pool = {"STOCKWRIGHT_COGNITO_USER_POOL_ID": "eu-central-1_abc", "STOCKWRIGHT_COGNITO_CLIENT_ID": "xyz"}
    made = terminal.type("import", "products", str(small_file(tmp_path)), **pool)
    assert made.exit_code == 0, made.output
    assert not (terminal.folder / "token-key.pem").exists()
    saved = terminal.type("backup", str(tmp_path / "b"), **pool)
    assert saved.exit_code == 0, saved.output

    other = Terminal(tmp_path / "other")
    restored = other.type("restore", str(tmp_path / "b"), **pool)
    assert restored.exit_code == 0, restored.output
    assert json.loads(other.type("audit", "--json", **pool).output)["products"] == 3
    assert (other.folder / "signing-key").read_bytes() == (terminal.folder / "signing-key").read_bytes()


@pytest.mark.parametrize("room", [64 * 1024, 6_000_000])
def test_a_backup_on_a_full_disk_gets_one_clear_line_and_leaves_nothing_behind(
    demo: Terminal, tmp_path: Path, room: int
) -> None:
    """No file may grow beyond the room: first the copy of the database meets that, then the archive."""
    if room > 64 * 1024:
        # The database has the room, and so much chance beside it that the archive has not.
        (demo.folder / "demo-passwords").write_bytes(random.Random(7).randbytes(room))
        assert room > (demo.folder / "stockwright.db").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        refused = demo.type("backup", str(tmp_path / "b"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert refused.exit_code == 1
    assert refused.output.startswith(f"Error: cannot write {tmp_path / 'b'}: ")
    assert refused.output.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == [demo.folder.name]


def test_an_export_on_a_full_disk_names_its_file_and_leaves_nothing_behind(demo: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "movements.csv"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    try:
        refused = demo.type("export", "movements", str(file))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (refused.exit_code, refused.output) == (1, f"Error: cannot write {file}: File too large\n")
    assert [each.name for each in tmp_path.iterdir()] == [demo.folder.name]

    assert demo.type("export", "movements", str(file)).exit_code == 0
    assert file.stat().st_size > 64 * 1024
    again = demo.type("export", "movements", str(file))
    assert (again.exit_code, again.output) == (1, f"Error: cannot write {file}: File exists\n")


def test_a_damaged_backup_is_refused_and_leaves_nothing_behind(demo: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "shop.backup"
    assert demo.type("backup", str(file)).exit_code == 0
    whole = file.read_bytes()
    middle = len(whole) // 2
    other_sum = whole[:-8] + b"\0" * 4 + whole[-4:]
    for damaged in (whole[:middle], whole[:middle] + b"\0" * 64 + whole[middle + 64 :], other_sum):
        file.write_bytes(damaged)
        other = Terminal(tmp_path / "other")
        refused = other.type("restore", str(file))
        assert refused.exit_code == 1
        assert "not a complete backup" in refused.output
        assert list(other.folder.iterdir()) == []


@pytest.mark.parametrize("words", [["audit"], ["backup", "file"], ["dead-letters", "list"]])
def test_a_wrong_folder_is_refused_and_not_opened_as_an_empty_shop(terminal: Terminal, words: list[str]) -> None:
    refused = terminal.type(*words)
    assert refused.exit_code == 1
    assert "there is no shop" in refused.output
    assert not terminal.folder.exists()


def test_the_demo_is_not_loaded_into_another_shop(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,WHITE HANGING HEART,6,2010-12-01T08:26:00,2.55,17850,United Kingdom\n"
    )
    assert terminal.type("import", "products", str(file)).exit_code == 0
    refused = terminal.type("demo")
    assert refused.exit_code == 1
    assert "another shop" in refused.output
    assert json.loads(terminal.type("audit", "--json").output)["products"] == 1


def test_a_restore_does_not_overwrite_a_file(demo: Terminal, tmp_path: Path) -> None:
    assert demo.type("backup", str(tmp_path / "b")).exit_code == 0
    file = tmp_path / "file"
    file.write_text("a file, not a folder")
    refused = Terminal(file).type("restore", str(tmp_path / "b"))
    assert refused.exit_code == 1
    assert "not empty" in refused.output
    assert file.read_text() == "a file, not a folder"


def test_a_file_that_is_not_a_backup_is_refused_and_leaves_nothing_behind(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear shop, this is not a backup.")
    refused = terminal.type("restore", str(file))
    assert refused.exit_code == 1
    assert "not a complete backup" in refused.output
    assert list(terminal.folder.iterdir()) == []
    assert terminal.type("backup", str(tmp_path / "b")).exit_code == 1


def test_texts_of_a_file_are_printed_without_interpreting_markup(terminal: Terminal, tmp_path: Path) -> None:
    file = small_file(tmp_path)
    file.write_text(file.read_text().replace("CODE1", "[/x]").replace(",3,", ",0,"))
    result = terminal.type("import", "orders", str(file), "--skipped")
    assert result.exit_code == 1, result.output
    assert "[/X]" in result.output
    saved = terminal.type("backup", str(tmp_path / "[b]"))
    assert saved.exit_code == 0, saved.output
    assert "[b]" in saved.output


def test_the_audit_prints_names_without_interpreting_markup(terminal: Terminal, tmp_path: Path) -> None:
    file = small_file(tmp_path)
    file.write_text(file.read_text().replace("CODE1", "[/x]"))
    assert terminal.type("import", "products", str(file)).exit_code == 0
    database = sqlite3.connect(terminal.folder / "stockwright.db")
    database.execute("DELETE FROM item WHERE sk LIKE 'MOVEMENT#%'")
    database.commit()
    database.close()
    found = terminal.type("audit")
    assert found.exit_code == 1
    assert "[/X]" in found.output
    repaired = terminal.type("audit", "--repair")
    assert repaired.exit_code == 0, repaired.output
    assert "of [/X]" in repaired.output


def test_a_shop_is_copied_to_dynamodb_and_the_copy_is_verified(terminal: Terminal) -> None:
    made = terminal.type("import", "products", str(small_file(terminal.folder.parent)))
    assert made.exit_code == 0, made.output
    open_table(str(terminal.folder))
    cloud = environment(str(terminal.folder))
    picture = terminal.folder / "files" / "media" / "img_1-0a-320.webp"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    refused = terminal.type("copy", "--from", "sqlite", "--to", "dynamodb", "--json", **cloud)
    assert (refused.exit_code, "STOCKWRIGHT_FILES_BUCKET" in refused.output) == (1, True), refused.output
    picture.unlink()
    copied = terminal.type("copy", "--from", "sqlite", "--to", "dynamodb", "--json", **cloud)
    assert copied.exit_code == 0, copied.output
    body = json.loads(copied.stdout)
    assert body["alike"]
    assert body["dynamodb"]["products"] == body["sqlite"]["products"] == 3

    again = terminal.type("copy", "--from", "sqlite", "--to", "dynamodb", **cloud)
    assert again.exit_code == 1
    assert "already contains a shop" in again.output
    assert terminal.type("copy", "--from", "sqlite", "--to", "sqlite", **cloud).exit_code == 1


def small_file(folder: Path) -> Path:
    """A file of three sales, in the columns of the retail data."""
    file = folder / "sales.csv"
    rows = [f"53636{n},CODE{n},OAK CHAIR {n},3,2010-12-01 08:26:00,2.55,17850,UK" for n in range(3)]
    file.write_text(
        "\n".join(["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country", *rows])
    )
    return file
