"""`stockwright users`: who may sign in, and as what."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

import typer
from msgspec.structs import replace
from rich.table import Table

from stockwright.accounts.model import Account
from stockwright.accounts.records import find_account, find_account_by_email, page_of_accounts
from stockwright.accounts.sign_up import SignUp, issue_code
from stockwright.accounts.usecases import ChangeAccount, add_account, change_account, set_password
from stockwright.base.actor import Role
from stockwright.base.email import normal_email
from stockwright.base.errors import Misconfigured, NotFound
from stockwright.base.instant import iso
from stockwright.cli.folder import lock_folder
from stockwright.cli.run import add as add_row
from stockwright.cli.run import err, load_settings, out, plain, print_json, run
from stockwright.context import App
from stockwright.request import BY_SYSTEM
from stockwright.retention.erasing import erase_account, go_on_erasing
from stockwright.retention.erasure_records import list_erasures
from stockwright.store.paging import every

app = typer.Typer(help="Accounts: list, add, change, disable.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(metavar="EMAIL", help="The account's email address, or its id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, for scripts.")
]


@app.command("list")
def list_(
    role: Annotated[Role | None, typer.Option(help="Only accounts with this role.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """List every account, newest first."""

    async def work(shop: App) -> list[Account]:
        return [each async for each in every(partial(page_of_accounts, shop.store, role=role, limit=100))]

    accounts = run(work, reading=True)
    if as_json:
        print_json([_as_dict(account) for account in accounts])
        return
    table = Table("Email", "Name", "Role", "Status", "Second factor", "Id")
    for account in accounts:
        status = "disabled" if account.disabled else account.status.lower()
        add_row(table, account.email, account.name, account.role, status, "on" if account.mfa_on else "off", account.id)
    out.print(table)


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The address to sign in with; it needs no confirmation.")],
    role: Annotated[Role, typer.Option(help="The role of the account.")] = "customer",
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    *,
    from_stdin: FromStdin = False,
    as_json: Json = False,
) -> None:
    """Add an account; prompts for the password."""
    password = _password(from_stdin=from_stdin)

    async def work(shop: App) -> Account:
        return await add_account(shop, BY_SYSTEM, SignUp(email, password, name), role)

    _show(run(work), as_json=as_json)


@app.command()
def role(
    who: Who,
    new_role: Annotated[Role, typer.Argument(metavar="ROLE", help="admin or customer")],
    *,
    as_json: Json = False,
) -> None:
    """Change an account's role to admin or customer; the last admin cannot be changed."""
    _show(_changed(who, ChangeAccount("", role=new_role)), as_json=as_json)


@app.command()
def disable(who: Who, *, as_json: Json = False) -> None:
    """Disable an account and end its sessions; the last admin cannot be disabled."""
    _show(_changed(who, ChangeAccount("", disabled=True)), as_json=as_json)


@app.command()
def enable(who: Who, *, as_json: Json = False) -> None:
    """Enable a disabled account."""
    _show(_changed(who, ChangeAccount("", disabled=False)), as_json=as_json)


@app.command("mfa-off")
def mfa_off(who: Who, *, as_json: Json = False) -> None:
    """Switch off an account's second factor, for example after a lost phone, and end its sessions."""
    _show(_changed(who, ChangeAccount("", mfa_off=True)), as_json=as_json)


@app.command("password")
def password_(who: Who, *, from_stdin: FromStdin = False) -> None:
    """Set an account's password and end its sessions; prompts for the password."""
    password = _password(from_stdin=from_stdin)

    async def work(shop: App) -> Account:
        account = await _find(shop, who)
        await set_password(shop, BY_SYSTEM, account.id, password)
        return account

    account = run(work)
    err.print(f"{plain(account.email)} has a new password; all sessions were ended.", highlight=False)


@app.command("reset-link")
def reset_link(who: Who, *, as_json: Json = False) -> None:
    """Print a link that sets a new password, once and within an hour. Give it only to the account's owner.

    For a shop that sends no mail. Earlier links and codes stop working.
    """

    async def work(shop: App) -> tuple[Account, str]:
        account, code = await issue_code(shop, (await _find(shop, who)).id, "reset")
        settings = shop.settings
        base = (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
        return account, f"{base}/password/reset#{urlencode({'email': account.email, 'code': code})}"

    account, link = run(work)
    if as_json:
        print_json({"email": account.email, "link": link})
        return
    err.print(f"A link for {plain(account.email)} that works once, within an hour:", highlight=False)
    typer.echo(link)


@app.command()
def erase(who: Who, *, as_json: Json = False) -> None:
    """Erase a person: end the account and replace name and address everywhere. Orders and amounts stay.

    Issued invoices and backups keep them. Refused while an order is open, and for the last admin.
    """
    settings = load_settings()

    async def work(shop: App) -> tuple[Account, bool]:
        account = await erase_account(shop, BY_SYSTEM, (await _find(shop, who)).id)
        try:
            # A running server goes on with it, and may be writing archive files.
            with lock_folder(settings):
                while await list_erasures(shop.store):
                    await go_on_erasing(shop)
        except Misconfigured:
            return account, False
        return account, True

    account, done = run(work, settings)
    if as_json:
        print_json({"id": account.id, "done": done, "keptIn": ["issued invoices", "backups"]})
        return
    what = "Name and address are replaced everywhere" if done else "The running server replaces name and address"
    out.print(f"{plain(account.id)} is erased. {what}, except in issued invoices and backups.", highlight=False)


def _changed(who: str, change: ChangeAccount) -> Account:
    async def work(shop: App) -> Account:
        return await change_account(shop, BY_SYSTEM, replace(change, id=(await _find(shop, who)).id))

    return run(work)


async def _find(shop: App, who: str) -> Account:
    """Find an account by its address or id."""
    is_email = "@" in who
    account = await (
        find_account_by_email(shop.store, normal_email(who)) if is_email else find_account(shop.store, who)
    )
    if account is None:
        raise NotFound(f"There is no account {who}")
    return account


def _password(*, from_stdin: bool) -> str:
    """Ask for a password twice, unseen; it is never an argument, since others can see those."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def _show(account: Account, *, as_json: bool) -> None:
    if as_json:
        print_json(_as_dict(account))
        return
    status = "disabled" if account.disabled else account.status.lower()
    out.print(f"{plain(account.email)}: {account.role}, {status} ({plain(account.id)})", highlight=False)


def _as_dict(account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "status": account.status,
        "disabled": account.disabled,
        "mfaEnabled": account.mfa_on,
        "createdAt": iso(account.created_at),
        "updatedAt": iso(account.updated_at),
    }
