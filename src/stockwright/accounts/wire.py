"""Accounts, sessions and API keys on the wire (S1, S2, S3, S4)."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from stockwright.accounts.api_key import NAME_MAX, ApiKey, check_key_name, check_scope
from stockwright.accounts.identity import Session
from stockwright.accounts.model import Account, AccountStatus, check_name
from stockwright.accounts.password import check_not_email, check_password
from stockwright.base.actor import Role
from stockwright.base.email import check_new_email, normal_email
from stockwright.base.errors import Invalid
from stockwright.base.instant import iso
from stockwright.base.locale import LOCALE_MAX, check_locale
from stockwright.http.rules import REQUIRED, Check, Wire, first_given, rule
from stockwright.http.wire import ListQuery, Search, Text, Version

Password = Annotated[str, Meta(min_length=1, max_length=1000)]
Email = Annotated[str, Meta(max_length=1000)]
Address = Annotated[Email, Check(normal_email)]
NewAddress = Annotated[Email, Check(check_new_email)]
NewPassword = Annotated[Password, Check(lambda value, field: check_password(value, "", field))]
PersonName = Annotated[Text, Check(check_name)]
Digits = Annotated[str, Meta(min_length=1, max_length=20)]
Token = Annotated[str, Meta(min_length=1, max_length=4096)]


class Credentials(Wire):
    """An email address, as `email` or `username`, and a password. The pool ids of Cognito clients are ignored."""

    aliases = (("email", "username"),)
    needs = (("email", "username"),)

    password: NewPassword
    email: NewAddress | None = None
    username: NewAddress | None = None
    name: PersonName = ""
    client_id: Text | None = None
    user_pool_id: Text | None = None

    @rule("password", "email", "username")
    def _has_a_password_of_its_own(self) -> None:
        check_not_email(self.password, first_given(self.email, self.username).strip())


class SignInBody(Wire):
    """Email address and password, and the code of the authenticator app if the second factor is on."""

    aliases = (("email", "username"),)
    needs = (("email", "username"),)

    password: Password
    email: Email | None = None
    username: Email | None = None
    mfa_code: Annotated[str, Meta(max_length=20)] = ""
    client_id: Text | None = None
    user_pool_id: Text | None = None


class SetUpBody(Wire):
    """The first admin, with the token from the set-up link that the server printed."""

    token: Token
    email: NewAddress
    password: NewPassword
    name: PersonName = ""

    @rule("password", "email")
    def _has_a_password_of_its_own(self) -> None:
        check_not_email(self.password, self.email.strip())


class EmailBody(Wire):
    """An email address, as `email` or `username`."""

    aliases = (("email", "username"),)
    needs = (("email", "username"),)

    email: Address | None = None
    username: Address | None = None


class ConfirmBody(Wire):
    """The mailed code. A `password` sent here replaces the one of the sign-up."""

    aliases = (("email", "username"),)
    needs = (("email", "username"),)

    code: Digits
    email: Address | None = None
    username: Address | None = None
    password: NewPassword | None = None

    @rule("password", "email", "username")
    def _has_a_password_of_its_own(self) -> None:
        if self.password is not None:
            check_not_email(self.password, first_given(self.email, self.username).strip())


class RefreshBody(Wire):
    """The refresh token to renew."""

    refresh_token: Token


class SignOutBody(Wire):
    """The session to end; without a refresh token, all sessions."""

    refresh_token: Token | None = None


class ResetBody(Wire):
    """A new password, with the mailed code."""

    aliases = (("email", "username"),)
    needs = (("email", "username"),)

    code: Digits
    password: NewPassword
    email: Address | None = None
    username: Address | None = None

    @rule("password", "email", "username")
    def _has_a_password_of_its_own(self) -> None:
        check_not_email(self.password, first_given(self.email, self.username).strip())


class ChangePasswordBody(Wire):
    """The current password and a new one."""

    current_password: Password
    new_password: NewPassword


class MfaBody(Wire):
    """A step of the second factor: `setup` with the password, then `confirm` with a code; `off` with the password."""

    action: Literal["setup", "confirm", "off"]
    code: Annotated[str, Meta(max_length=20)] = ""
    password: Annotated[str, Meta(max_length=1000)] = ""

    @rule("action")
    def _has_what_its_step_takes(self) -> None:
        name, given = ("code", self.code) if self.action == "confirm" else ("password", self.password)
        if not given:
            raise Invalid.field(name, REQUIRED)


class MfaView(Wire):
    """The state of the second factor; secret and URI only in the answer to `setup`."""

    enabled: bool
    secret: str | None = None
    otpauth_uri: str | None = None


class MeBody(Wire):
    """Your new name, or the language that you read; only the given fields change."""

    needs = (("name", "locale"),)

    name: PersonName | None = None
    locale: Annotated[str, Meta(max_length=LOCALE_MAX), Check(check_locale)] | None = None
    expected_version: Version | None = None


def _only_off(on: object, field: str) -> None:
    if on:
        raise Invalid.field(field, "can only be switched off here; its owner can switch it on")


class UserPatch(Wire):
    """Changes to an account. `mfa` can only be false, which switches a lost second factor off."""

    role: Role | None = None
    disabled: bool | None = None
    name: PersonName | None = None
    mfa: Annotated[bool, Check(_only_off)] | None = None
    expected_version: Version | None = None


class UsersQuery(ListQuery):
    """Filter: accounts whose email or name contains every word of `search`, in any order."""

    search: Search | None = None


class UserView(Wire):
    """An account, without its secrets."""

    id: str
    email: str
    name: str
    role: Role
    status: AccountStatus
    disabled: bool
    mfa_enabled: bool
    locale: str
    version: int
    created_at: str
    updated_at: str


class SignedUpView(Wire):
    """The same answer for every address. `confirmationRequired`: whether the shop mails a code to confirm it."""

    email: str
    message: str
    confirmation_required: bool


class SessionView(Wire):
    """The tokens of a session. `token` is the ID token again; `expiresIn` is in seconds.

    Send the `deviceToken` of a sign-in as `X-Device-Token` with later sign-ins: failed attempts from other
    clients then cannot lock this one out.
    """

    id_token: str
    access_token: str
    refresh_token: str
    token: str
    expires_in: int
    token_type: str
    user: UserView
    device_token: str | None = None


class MessageView(Wire):
    """A message to show to the user."""

    message: str


class ApiKeyBody(Wire):
    """A new API key."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX), Check(check_key_name)]
    scopes: Annotated[list[Annotated[Text, Check(check_scope)]], Meta(min_length=1, max_length=20)]


class ApiKeyView(Wire):
    """An API key, without the key itself."""

    id: str
    name: str
    scopes: list[str]
    hint: str
    created_by: str
    created_at: str
    last_used_at: str | None


class MadeKeyView(ApiKeyView):
    """A new API key with the key itself, which is shown only here."""

    key: str


def user_view(account: Account) -> UserView:
    """Show an account."""
    return UserView(
        id=account.id,
        email=account.email,
        name=account.name,
        role=account.role,
        status=account.status,
        disabled=account.disabled,
        mfa_enabled=account.mfa_on,
        locale=account.locale,
        version=account.version,
        created_at=iso(account.created_at),
        updated_at=iso(account.updated_at),
    )


def session_view(session: Session) -> SessionView:
    """Show a session's tokens."""
    return SessionView(
        id_token=session.id_token,
        access_token=session.access_token,
        refresh_token=session.refresh_token,
        token=session.id_token,
        expires_in=session.expires_in,
        token_type="Bearer",  # noqa: S106 - the name of the scheme
        user=user_view(session.account),
        device_token=session.device_token or None,
    )


class _KeyFields(TypedDict):
    id: str
    name: str
    scopes: list[str]
    hint: str
    created_by: str
    created_at: str
    last_used_at: str | None


def _key_fields(key: ApiKey) -> _KeyFields:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "hint": key.hint,
        "created_by": key.created_by,
        "created_at": iso(key.created_at),
        "last_used_at": None if key.last_used_at is None else iso(key.last_used_at),
    }


def api_key_view(key: ApiKey) -> ApiKeyView:
    """Show a key by its last characters."""
    return ApiKeyView(**_key_fields(key))


def made_key_view(key: ApiKey, shown: str) -> MadeKeyView:
    """Show a new key, this once."""
    return MadeKeyView(**_key_fields(key), key=shown)
