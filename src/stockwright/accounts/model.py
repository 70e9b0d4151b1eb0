"""Who asks: accounts, and the Actor that a request is made as (SPEC §5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeGuard

from msgspec.structs import replace

from stockwright.base.actor import Actor, Role
from stockwright.base.email import _CONTROL
from stockwright.base.errors import Invalid
from stockwright.base.hidden import HidesSecrets
from stockwright.base.names import check_direction
from stockwright.base.record import Record

AccountStatus = Literal["UNCONFIRMED", "CONFIRMED"]
CodePurpose = Literal["confirmation", "reset"]
NAME_MAX: Final = 100
CODE_DIGITS: Final = 6
CODE_LASTS_MS: Final[Mapping[CodePurpose, int]] = {"confirmation": 24 * 3_600_000, "reset": 3_600_000}
"""How long a mailed code holds (Cognito's times)."""
FURTHER_MAX: Final = 4
"""How many further sign-ups with one address wait for their codes; an older one goes."""
ERASED_DOMAIN: Final = "@erased.invalid"
"""Of the addresses of accounts whose persons were erased; such a domain never exists (RFC 2606)."""
UNKNOWN_HASH: Final = "-"
"""Instead of a password's hash: the password was not stored (a user pool has that of the first sign-up)."""


class Code(HidesSecrets, frozen=True, rename="camel"):
    """A mailed code, as its keyed hash; it holds until `expires_at` (ms)."""

    SECRETS = frozenset({"hash"})
    hash: str
    expires_at: int


class Mfa(HidesSecrets, frozen=True, rename="camel"):
    """A TOTP secret (base 32), which counts once a first code has confirmed it.

    `last_step` is the time step of the last code that was used; neither it nor an earlier one is
    taken again (RFC 6238 section 5.2). `asked` identifies the request that set it up, if it had a key.
    """

    SECRETS = frozenset({"secret"})
    secret: str
    confirmed: bool = False
    last_step: int = 0
    asked: str = ""


class SignUpAgain(HidesSecrets, frozen=True, rename="camel"):
    """A further sign-up with an address that is not confirmed yet.

    Who reads the address's mail says by the code which sign-up was theirs: its name and password count.
    """

    SECRETS = frozenset({"password_hash"})
    id: str
    name: str
    password_hash: str
    code: Code | None = None


class Account(Record, frozen=True):
    """A person. `generation` counts up when every session of before must end (a new password), at that time (ms).

    `locale` is the language that they read ("": not known).
    """

    KIND = "ACCOUNT"
    SECRETS = frozenset({"password_hash"})
    id: str
    email: str
    name: str = ""
    role: Role = "customer"
    status: AccountStatus = "UNCONFIRMED"
    disabled: bool = False
    password_hash: str = ""
    generation: int = 1
    sessions_ended_at: int = 0
    mfa: Mfa | None = None
    codes: Mapping[CodePurpose, Code] = {}
    further: tuple[SignUpAgain, ...] = ()
    locale: str = ""
    created_at: int = 0
    updated_at: int = 0

    @property
    def is_erased(self) -> bool:
        """Whether its person was erased: it only says whose orders belong together."""
        return self.email == erased_email(self.id)

    @property
    def is_confirmed(self) -> bool:
        """Whether its owner has proved to read the mail of its address."""
        return self.status == "CONFIRMED"

    @property
    def mfa_on(self) -> bool:
        """Whether a sign-in takes a code besides the password."""
        return self.mfa is not None and self.mfa.confirmed

    @property
    def administers(self) -> bool:
        """Whether it can do an admin's work now."""
        return self.role == "admin" and self.is_confirmed and not self.disabled

    def as_actor(self) -> Actor:
        """Return the actor of a request that this person makes."""
        return Actor(self.id, "account", self.role, self.email)


def erased_email(account_id: str) -> str:
    """Return what replaces the address of an erased account."""
    return f"{account_id.lower()}{ERASED_DOMAIN}"


def erased(account: Account, now: int) -> Account:
    """Return what is left of an account whose person is erased: no sign-in is possible."""
    return Account(
        id=account.id,
        email=erased_email(account.id),
        disabled=True,
        generation=account.generation + 1,
        sessions_ended_at=now,
        created_at=account.created_at,
        updated_at=now,
        version=account.version,
    )


def confirmed(account: Account, now: int) -> Account:
    """Confirm the address. The code stays as it is, so that confirming again has the same result."""
    return account if account.is_confirmed else replace(account, status="CONFIRMED", further=(), updated_at=now)


def confirmed_by(account: Account, code_hash: str, now: int) -> Account:
    """Confirm the address with a code: the account becomes that of the sign-up which the code was mailed for."""
    for each in () if account.is_confirmed else account.further:
        if _holds(each.code, code_hash, now):
            codes: dict[CodePurpose, Code] = {**account.codes, "confirmation": each.code}
            account = replace(account, name=each.name, password_hash=each.password_hash, codes=codes)
            break
    return confirmed(account, now)


def with_sign_up(account: Account, again: SignUpAgain) -> Account:
    """Let a further sign-up wait for its code, beside the first and the newest others."""
    return replace(account, further=(*account.further, again)[-FURTHER_MAX:])


def with_code(account: Account, purpose: CodePurpose, code_hash: str, now: int, sign_up: str = "") -> Account:
    """Set the one code that counts for a purpose, or for a further sign-up; an earlier one is void."""
    code = Code(code_hash, now + CODE_LASTS_MS[purpose])
    if sign_up:
        further = tuple(replace(each, code=code) if each.id == sign_up else each for each in account.further)
        return replace(account, further=further)
    return replace(account, codes={**account.codes, purpose: code})


def has_code(account: Account, purpose: CodePurpose, code_hash: str, now: int) -> bool:
    """Whether this is a code that counts, and it still holds."""
    further = [each.code for each in account.further] if purpose == "confirmation" else []
    return any(_holds(code, code_hash, now) for code in (account.codes.get(purpose), *further))


def _holds(code: Code | None, code_hash: str, now: int) -> TypeGuard[Code]:
    return code is not None and now < code.expires_at and code.hash == code_hash


def with_sessions_ended(account: Account, now: int) -> Account:
    """End every session of before."""
    return replace(account, generation=account.generation + 1, sessions_ended_at=now)


def with_password(account: Account, password_hash: str, now: int) -> Account:
    """Set a new password: every session and every reset code of before ends."""
    return replace(
        with_sessions_ended(account, now),
        password_hash=password_hash,
        codes={purpose: code for purpose, code in account.codes.items() if purpose != "reset"},
        updated_at=now,
    )


def use_step(mfa: Mfa, step: int) -> Mfa | None:
    """Use up a TOTP time step; None where it or a later one was used before."""
    return replace(mfa, last_step=step) if step > mfa.last_step else None


def check_name(text: str, field_name: str = "name") -> str:
    """Return a person's name, trimmed: at most 100 characters, without control characters."""
    name = text.strip()
    if len(name) > NAME_MAX or _CONTROL.search(name):
        raise Invalid.field(field_name, f"must be at most {NAME_MAX} characters, without control characters")
    return check_direction(name, field_name)
