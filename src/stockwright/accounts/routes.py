"""Accounts, sessions, the second factor and API keys (S1, S2, S3, S4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from stockwright.accounts import api_keys, first_admin, sign_in
from stockwright.accounts import sign_up as sign_up_accounts
from stockwright.accounts import usecases as accounts
from stockwright.accounts.api_key import ApiKey
from stockwright.accounts.api_keys import MadeKey
from stockwright.accounts.identity import Session, identity_of
from stockwright.accounts.model import Account
from stockwright.accounts.records import get_account
from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import ChangeAccount
from stockwright.accounts.wire import (
    ApiKeyBody,
    ApiKeyView,
    ChangePasswordBody,
    ConfirmBody,
    Credentials,
    EmailBody,
    MadeKeyView,
    MeBody,
    MessageView,
    MfaBody,
    MfaView,
    RefreshBody,
    ResetBody,
    SessionView,
    SetUpBody,
    SignedUpView,
    SignInBody,
    SignOutBody,
    UserPatch,
    UsersQuery,
    UserView,
    api_key_view,
    made_key_view,
    session_view,
    user_view,
)
from stockwright.http.lists import show_list
from stockwright.http.route import Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.rules import first_given
from stockwright.http.wire import ListQuery, ListView

TAG, KEYS = "Accounts", "API keys"
SIGN_IN: Final = "sign-in"
"""The rate limit of what takes or mails a secret."""


def _email(body: Any) -> str:
    text: str = first_given(body.email, body.username)
    return text


async def _sign_up(call: Call[Credentials, NoQuery]) -> str:
    body = call.body
    return await sign_up_accounts.sign_up(call.app, call.request, SignUp(_email(body), body.password, body.name))


def _show_signed_up(call: AnyCall, email: str) -> SignedUpView:
    message = "You can sign in now"
    if call.app.mail.delivers:
        message = "We have sent you an e-mail; follow the instructions in it"
    return SignedUpView(email=email, message=message, confirmation_required=call.app.mail.delivers)


async def _confirm(call: Call[ConfirmBody, NoQuery]) -> None:
    body = call.body
    await sign_up_accounts.confirm_sign_up(call.app, call.request, _email(body), body.code, body.password, call.origin)


async def _resend(call: Call[EmailBody, NoQuery]) -> None:
    await sign_up_accounts.resend_code(call.app, call.request, _email(call.body), call.origin)


async def _sign_in(call: Call[SignInBody, NoQuery]) -> Session:
    body = call.body
    return await sign_in.sign_in(
        call.app, call.request, sign_in.SignIn(_email(body), body.password, body.mfa_code, call.origin)
    )


async def _refresh(call: Call[RefreshBody, NoQuery]) -> Session:
    return await sign_in.refresh(call.app, call.request, call.body.refresh_token)


async def _sign_out(call: Call[SignOutBody, NoQuery]) -> None:
    await sign_in.sign_out(call.app, call.request, call.body.refresh_token)


async def _forgot(call: Call[EmailBody, NoQuery]) -> None:
    await sign_up_accounts.forgot_password(call.app, call.request, _email(call.body), call.origin)


async def _reset(call: Call[ResetBody, NoQuery]) -> None:
    body = call.body
    await accounts.reset_password(call.app, call.request, _email(body), body.code, body.password, call.origin)


async def _me(call: PlainCall) -> Account:
    return await accounts.get_me(call.app, call.request)


async def _change_me(call: Call[MeBody, NoQuery]) -> Account:
    body = call.body
    return await accounts.change_me(call.app, call.request, body.name, body.locale, call.expected_version())


async def _change_password(call: Call[ChangePasswordBody, NoQuery]) -> None:
    body = call.body
    await accounts.change_password(call.app, call.request, body.current_password, body.new_password)


async def _mfa(call: Call[MfaBody, NoQuery]) -> MfaView:
    body = call.body
    await accounts.get_me(call.app, call.request)
    if body.action == "setup":
        secret, uri = await sign_in.begin_mfa(call.app, call.request, body.password)
        return MfaView(enabled=False, secret=secret, otpauth_uri=uri)
    if body.action == "confirm":
        await sign_in.confirm_mfa(call.app, call.request, body.code)
        return MfaView(enabled=True)
    await sign_in.end_mfa(call.app, call.request, body.password)
    return MfaView(enabled=False)


async def _set_up(call: Call[SetUpBody, NoQuery]) -> Account:
    body = call.body
    return await first_admin.set_up(call.app, call.request, body.token, SignUp(body.email, body.password, body.name))


async def _users(call: Call[None, UsersQuery]) -> tuple[list[Account], str | None]:
    query = call.query
    return await accounts.list_accounts(call.app, query.limit, call.position(), query.search or "")


async def _user(call: PlainCall) -> Account:
    return await get_account(call.app.store, call.path["id"])


async def _change_user(call: Call[UserPatch, NoQuery]) -> Account:
    body = call.body
    change = ChangeAccount(
        call.path["id"], body.role, body.disabled, body.name, call.expected_version(), mfa_off=body.mfa is False
    )
    return await accounts.change_account(call.app, call.request, change)


async def _make_key(call: Call[ApiKeyBody, NoQuery]) -> MadeKey:
    return await api_keys.create_api_key(call.app, call.request, call.body.name, call.body.scopes)


async def _keys(call: Call[None, ListQuery]) -> tuple[list[ApiKey], str | None]:
    return await api_keys.list_api_keys(call.app, call.query.limit, call.position())


async def _revoke(call: PlainCall) -> str:
    return await api_keys.revoke_api_key(call.app, call.request, call.path["id"])


async def _jwks(call: PlainCall) -> Answer:
    keys = await identity_of(call.app).jwks(call.app)
    return Answer(raw=msgspec.json.encode(keys), headers={"cache-control": "public, max-age=300"})


def _show_forgot(call: AnyCall, _: object) -> MessageView:
    message = "This shop sends no mail; ask its administrator for a link to set a new password"
    if call.app.mail.delivers:
        message = "If this address has an account, a code to reset its password is on its way"
    return MessageView(message=message)


def _says(message: str) -> Callable[[AnyCall, object], MessageView]:
    """Answer with this sentence, whatever the use case returned: a replayed answer says the same."""
    return lambda *_: MessageView(message=message)


def _show_user(_: AnyCall, account: Account) -> Answer:
    return Answer(user_view(account), etag=f'"{account.version}"')


_SIGN_UP = route("POST", "/signup", _sign_up, "Sign up; the answer is the same for every address", TAG,
                 _show_signed_up, who="public", body=Credentials, answer=SignedUpView, status=201,
                 limit=SIGN_IN, mails=True)  # fmt: skip
_SIGN_IN = route("POST", "/signin", _sign_in, "Sign in", TAG, lambda _, session: session_view(session), who="public",
                 body=SignInBody, answer=SessionView, at_top=("token",), errors=(401, 403),
                 limit=SIGN_IN)  # fmt: skip
ROUTES = (
    _SIGN_UP,
    _SIGN_UP.at("/users"),
    route("POST", "/signup/confirm", _confirm, "Confirm an address with its mailed code", TAG,
          _says("Your e-mail address is confirmed; you can sign in now"), body=ConfirmBody, answer=MessageView,
          who="public", limit=SIGN_IN),
    route("POST", "/signup/resend", _resend, "Mail a new code", TAG,
          _says("If this address waits for its confirmation, a new code is on its way"), body=EmailBody,
          answer=MessageView, who="public", limit=SIGN_IN, mails=True),
    _SIGN_IN,
    _SIGN_IN.at("/users/login"),
    _SIGN_IN.at("/auth/login"),
    route("POST", "/token/refresh", _refresh, "Renew a session; a refresh token works once", TAG,
          lambda _, session: session_view(session), who="public", body=RefreshBody, answer=SessionView, errors=(401,),
          at_top=("token",),
          description="A refresh token is replaced when it is used. Using it again within 10 seconds returns the same "
          "new token; using it later ends the session and its ID tokens. The same request repeated with its "
          "Idempotency-Key returns the same new token until that one is used, so a lost answer does not end the "
          "session. With a Cognito user pool, the pool's own rules apply."),
    route("POST", "/signout", _sign_out, "End a session, or all of them", TAG, _says("Signed out"), who="any",
          body=SignOutBody, answer=MessageView),
    route("POST", "/password/forgot", _forgot, "Mail a code to reset the password", TAG, _show_forgot, body=EmailBody,
          answer=MessageView, who="public", limit=SIGN_IN, mails=True),
    route("POST", "/password/reset", _reset, "Set a new password with the mailed code", TAG,
          _says("Your password is changed; sign in with the new one"), body=ResetBody, answer=MessageView,
          who="public", limit=SIGN_IN),
    route("POST", "/setup", _set_up,
          "Create the first admin, with the one-time token that the server printed at its start", TAG,
          lambda _, account: user_view(account), body=SetUpBody, answer=UserView, status=201, errors=(401, 409),
          who="public", limit=SIGN_IN),
    route("GET", "/users/me", _me, "Get your own account", TAG, _show_user, who="any", answer=UserView),
    route("PATCH", "/users/me", _change_me, "Change your own name or language", TAG, _show_user, who="any", body=MeBody,
          answer=UserView, errors=(412,)),
    route("POST", "/users/me/password", _change_password, "Change your own password; this ends all your sessions", TAG,
          _says("Your password is changed; sign in again"), who="any", body=ChangePasswordBody, answer=MessageView),
    route("POST", "/users/me/mfa", _mfa, "Set up, confirm or switch off the second factor (TOTP)", TAG,
          who="any", body=MfaBody, answer=MfaView, errors=(401, 409),
          description="A `setup` repeated with its Idempotency-Key returns the same secret until it is confirmed."),
    route("GET", "/users", _users, "List accounts, newest first; `search` looks for words in email and name",
          TAG, lambda call, found: show_list(call, found, user_view), query=UsersQuery, answer=ListView[UserView],
          description="A search reads a bounded number of accounts per page, so a page can be short although more "
          "follow. Continue until `nextToken` is null."),
    route("GET", "/users/{id}", _user, "Get an account", TAG, _show_user, answer=UserView, errors=(404, 409, 412)),
    route("PATCH", "/users/{id}", _change_user,
          "Change an account: its role, whether it can sign in, or reset its second factor", TAG,
          _show_user, body=UserPatch, answer=UserView, errors=(404, 409, 412)),
    route("GET", "/api-keys", _keys, "List API keys", KEYS,
          lambda call, found: show_list(call, found, api_key_view), query=ListQuery, answer=ListView[ApiKeyView]),
    route("POST", "/api-keys", _make_key, "Create an API key; the key itself is shown only in this answer", KEYS,
          lambda _, made: made_key_view(made.key, made.shown), body=ApiKeyBody, answer=MadeKeyView, status=201,
          description="The key itself is not stored: a repeated request with the same Idempotency-Key returns an empty "
          "`key`. If you lost the first answer, revoke the key and create another."),
    route("DELETE", "/api-keys/{id}", _revoke, "Revoke an API key", KEYS,
          lambda _, key_id: MessageView(message=f"API key {key_id} is revoked"), answer=MessageView, errors=(404,)),
    route("GET", "/.well-known/jwks.json", _jwks, "The public key of the tokens (JWKS)", TAG, who="public", root=True),
)  # fmt: skip
