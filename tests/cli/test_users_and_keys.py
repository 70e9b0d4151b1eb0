"""People and machines from the command line, on a real data folder."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from typer.testing import CliRunner, Result

from stockwright.accounts.records import find_account_by_email
from stockwright.accounts.sign_in import SignIn, begin_mfa, confirm_mfa, sign_in
from stockwright.accounts.usecases import reset_password
from stockwright.adapters.folder_lock import FolderLock
from stockwright.app import build, close
from stockwright.base.errors import Invalid
from stockwright.cli import keys, users
from stockwright.cli.run import plain
from stockwright.config import Settings
from stockwright.request import Request
from tests.conftest import VISITOR

GOOD = "Blauwal-77\n"


class Terminal:
    """Runs commands in one data folder."""

    def __init__(self, folder: Path) -> None:
        self.env = {"STOCKWRIGHT_DATA_DIR": str(folder), "COLUMNS": "200"}

    def users(self, *words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(users.app, list(words), input=given, env=self.env)

    def keys(self, *words: str) -> Result:
        return CliRunner().invoke(keys.app, list(words), env=self.env)

    def listed(self, command: str, *words: str) -> list[dict[str, Any]]:
        body = getattr(self, command)("list", "--json", *words)
        found: list[dict[str, Any]] = json.loads(body.stdout)
        return found


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path / "data")


def test_a_link_to_set_a_password_is_created_without_mail(terminal: Terminal) -> None:
    terminal.users("add", "ada@example.com", "--password-stdin", given=GOOD)
    made = terminal.users("reset-link", "Ada@Example.com")
    assert made.exit_code == 0, made.output
    link = urlsplit(made.stdout.strip())
    given = parse_qs(link.fragment)
    assert (link.path, link.query, given["email"]) == ("/password/reset", "", ["ada@example.com"])
    body = json.loads(terminal.users("reset-link", "ada@example.com", "--json").stdout)
    newer = parse_qs(urlsplit(body["link"]).fragment)

    async def reset(code: str) -> None:
        app = await build(Settings.load(terminal.env))
        try:
            await reset_password(app, VISITOR, "ada@example.com", code, "Grauwal-88")
            assert await sign_in(app, VISITOR, SignIn("ada@example.com", "Grauwal-88"))
        finally:
            await close(app)

    with pytest.raises(Invalid):
        asyncio.run(reset(given["code"][0]))
    asyncio.run(reset(newer["code"][0]))
    with pytest.raises(Invalid):
        asyncio.run(reset(newer["code"][0]))
    assert terminal.users("reset-link", "nobody@example.com").exit_code == 1


def test_an_account_is_added_with_a_password_from_standard_input(terminal: Terminal) -> None:
    made = terminal.users("add", "Ada@example.com", "--role", "admin", "--password-stdin", "--json", given=GOOD)
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["email"] == "ada@example.com"
    asked = terminal.users("add", "bob@example.com", "--name", "Bob", given=GOOD * 2)
    assert asked.exit_code == 0, asked.output
    assert "Blauwal" not in asked.output
    assert [(each["email"], each["role"]) for each in terminal.listed("users")] == [
        ("bob@example.com", "customer"),
        ("ada@example.com", "admin"),
    ]
    assert [each["email"] for each in terminal.listed("users", "--role", "admin")] == ["ada@example.com"]
    assert "bob@example.com" in terminal.users("list").stdout


def test_a_refused_command_gets_one_clear_line_and_status_1(terminal: Terminal) -> None:
    terminal.users("add", "ada@example.com", "--role", "admin", "--password-stdin", given=GOOD)
    for words, given, found in (
        (("add", "ada@example.com", "--password-stdin"), GOOD, "already"),
        (("add", "eve@example.com", "--password-stdin"), "Password1\n", "too common"),
        (("add", "no address", "--password-stdin"), GOOD, "email"),
        (("role", "ada@example.com", "customer"), None, "last admin"),
        (("disable", "ada@example.com"), None, "last admin"),
        (("enable", "nobody@example.com"), None, "no account"),
        (("mfa-off", "usr_nobody"), None, "no account"),
        (("password", "usr_nobody", "--password-stdin"), GOOD, "no account"),
    ):
        failed = terminal.users(*words, given=given)
        assert failed.exit_code == 1, words
        assert found in failed.stderr, failed.stderr
        assert "Traceback" not in failed.output


@pytest.mark.parametrize("name", ["[/b]", "[abc]", "[bold]Bob[/]", "Bob\\[x]", "Bob\\"])
def test_names_are_printed_without_interpreting_markup(terminal: Terminal, name: str) -> None:
    assert terminal.users("add", "bob@example.com", "--name", name, given=GOOD * 2).exit_code == 0
    listed = terminal.users("list")
    assert listed.exit_code == 0
    assert name in listed.stdout
    assert terminal.keys("add", name, "--scope", "sales").exit_code == 0
    assert name in terminal.keys("list").stdout
    refused = terminal.users("role", name, "admin")
    assert refused.exit_code == 1
    assert f"There is no account {name}" in refused.stderr


def test_control_characters_in_names_do_not_reach_the_terminal() -> None:
    assert plain("a\x1b[2Jb\x9bc\r\n\td") == "a\ufffd[2Jb\ufffdc\ufffd\n\td"


def test_role_access_and_password_are_changed_by_email_or_id(terminal: Terminal) -> None:
    for email in ("ada@example.com", "bob@example.com"):
        terminal.users("add", email, "--role", "admin", "--password-stdin", given=GOOD)
    bob = next(each["id"] for each in terminal.listed("users") if each["email"].startswith("bob"))
    assert terminal.users("disable", bob).exit_code == 0
    assert terminal.users("role", "BOB@example.com", "customer").exit_code == 0
    assert terminal.users("password", bob, "--password-stdin", given="Grauwal-88\n").exit_code == 0
    [now] = [each for each in terminal.listed("users") if each["id"] == bob]
    assert (now["role"], now["disabled"]) == ("customer", True)
    assert terminal.users("enable", bob).exit_code == 0
    assert not any(each["disabled"] for each in terminal.listed("users"))


async def switch_on(folder: Path, email: str) -> None:
    """Set up somebody's second factor, as their authenticator app does."""
    app = await build(Settings(data_dir=folder, log_level="error"))
    account = await find_account_by_email(app.store, email)
    assert account is not None
    secret, _ = await begin_mfa(app, Request(account.as_actor()), GOOD.strip())
    await confirm_mfa(app, Request(account.as_actor()), pyotp.TOTP(secret).at(app.clock.now() // 1000))
    await close(app)


def test_a_lost_second_factor_is_switched_off(terminal: Terminal, tmp_path: Path) -> None:
    terminal.users("add", "ada@example.com", "--role", "admin", "--password-stdin", given=GOOD)
    asyncio.run(switch_on(tmp_path / "data", "ada@example.com"))
    assert [each["mfaEnabled"] for each in terminal.listed("users")] == [True]
    done = terminal.users("mfa-off", "ADA@example.com", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["mfaEnabled"] is False
    assert [each["mfaEnabled"] for each in terminal.listed("users")] == [False]


def test_a_new_key_is_printed_once_and_alone_on_standard_output(terminal: Terminal) -> None:
    made = terminal.keys("add", "till", "--scope", "sales", "--scope", "inventory")
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("sw_")
    assert made.stdout.count("\n") == 1
    [known] = terminal.listed("keys")
    assert known["scopes"] == ["inventory", "sales"]
    assert made.stdout.strip() not in json.dumps(known)
    assert "till" in terminal.keys("list").stdout

    assert terminal.keys("revoke", known["id"]).exit_code == 0
    assert terminal.listed("keys") == []
    assert terminal.keys("revoke", known["id"]).exit_code == 1


def test_an_unknown_scope_is_named(terminal: Terminal) -> None:
    failed = terminal.keys("add", "till", "--scope", "everything")
    assert failed.exit_code == 1
    assert "orders:pack" in failed.stderr


def test_a_person_is_erased_by_address_or_id(terminal: Terminal) -> None:
    terminal.users("add", "root@example.com", "--role", "admin", "--password-stdin", given=GOOD)
    terminal.users("add", "ada@example.com", "--name", "Ada Lovelace", "--password-stdin", given=GOOD)
    [ada] = [each["id"] for each in terminal.listed("users") if each["email"] == "ada@example.com"]

    erased = terminal.users("erase", "Ada@example.com")
    assert erased.exit_code == 0
    assert erased.stdout == (
        f"{ada} is erased. Name and address are replaced everywhere, except in issued invoices and backups.\n"
    )
    assert "ada@example.com" not in terminal.users("list", "--json").stdout
    again = json.loads(terminal.users("erase", ada, "--json").stdout)
    assert again == {"id": ada, "done": True, "keptIn": ["issued invoices", "backups"]}
    assert terminal.users("erase", "ada@example.com").exit_code == 1
    assert terminal.users("erase", "root@example.com").exit_code == 1


def test_while_a_server_runs_it_replaces_name_and_address(terminal: Terminal) -> None:
    terminal.users("add", "ada@example.com", "--password-stdin", given=GOOD)
    lock = FolderLock(Path(terminal.env["STOCKWRIGHT_DATA_DIR"]))
    lock.acquire()
    try:
        erased = terminal.users("erase", "ada@example.com", "--json")
    finally:
        lock.release()
    assert json.loads(erased.stdout)["done"] is False
