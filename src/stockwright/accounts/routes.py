"""Accounts, sessions, the second factor and API keys (S1, S2, S3, S4)."""

from __future__ import annotations

from typing import Any

import msgspec

from stockwright.accounts import api_keys, first_admin, sign_in
from stockwright.accounts import usecases as accounts
from stockwright.accounts.api_key import ApiKey
from stockwright.accounts.api_keys import MadeKey
from stockwright.accounts.identity import Session
from stockwright.accounts.model import Account
from stockwright.accounts.records import get_account
from stockwright.accounts.usecases import ChangeAccount, SignUp
from stockwright.accounts.wire import (
    ApiKeyBody,
    ApiKeyView,
    ChangePasswordBody,
    ConfirmBody,
    Credentials,
    EmailBody,
    MadeKeyView,
    MessageView,
    MfaBody,
    MfaView,
    NameBody,
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
from stockwright.http.route import Answer, Call, Route
from stockwright.http.rules import first_given
from stockwright.http.wire import ListQuery, ListView

TAG, KEYS = "Accounts", "API keys"


def _email(body: Any) -> str:
    text: str = first_given(body.email, body.username)
    return text


async def _sign_up(call: Call) -> str:
    body: Credentials = call.body
    return await accounts.sign_up(call.app, call.request, SignUp(_email(body), body.password, body.name))


def _show_signed_up(call: Call, email: str) -> SignedUpView:
    message = "You can sign in now"
    if call.app.mail.delivers:
        message = "We have sent you an e-mail; follow what it says"
    return SignedUpView(email=email, message=message, confirmation_required=call.app.mail.delivers)


async def _confirm(call: Call) -> None:
    body: ConfirmBody = call.body
    await accounts.confirm_sign_up(call.app, call.request, _email(body), body.code, body.password, call.origin)


async def _resend(call: Call) -> None:
    await accounts.resend_code(call.app, call.request, _email(call.body), call.origin)


async def _sign_in(call: Call) -> Session:
    body: SignInBody = call.body
    return await sign_in.sign_in(
        call.app, call.request, sign_in.SignIn(_email(body), body.password, body.mfa_code, call.origin)
    )


async def _refresh(call: Call) -> Session:
    return await sign_in.refresh(call.app, call.request, call.body.refresh_token)


async def _sign_out(call: Call) -> None:
    await sign_in.sign_out(call.app, call.request, call.body.refresh_token)


async def _forgot(call: Call) -> None:
    await accounts.forgot_password(call.app, call.request, _email(call.body), call.origin)


async def _reset(call: Call) -> None:
    body: ResetBody = call.body
    await accounts.reset_password(call.app, call.request, _email(body), body.code, body.password, call.origin)


async def _me(call: Call) -> Account:
    return await accounts.get_me(call.app, call.request)


async def _rename(call: Call) -> Account:
    return await accounts.rename_me(call.app, call.request, call.body.name, call.expected_version())


async def _change_password(call: Call) -> None:
    body: ChangePasswordBody = call.body
    await accounts.change_password(call.app, call.request, body.current_password, body.new_password)


async def _mfa(call: Call) -> MfaView:
    body: MfaBody = call.body
    await accounts.get_me(call.app, call.request)
    if body.action == "setup":
        secret, uri = await sign_in.begin_mfa(call.app, call.request, body.password)
        return MfaView(enabled=False, secret=secret, otpauth_uri=uri)
    if body.action == "confirm":
        await sign_in.confirm_mfa(call.app, call.request, body.code)
        return MfaView(enabled=True)
    await sign_in.end_mfa(call.app, call.request, body.password)
    return MfaView(enabled=False)


async def _set_up(call: Call) -> Account:
    body: SetUpBody = call.body
    return await first_admin.set_up(call.app, call.request, body.token, SignUp(body.email, body.password, body.name))


async def _users(call: Call) -> tuple[list[Account], str | None]:
    query: UsersQuery = call.query
    return await accounts.list_accounts(call.app, query.limit, call.position(), query.search or "")


async def _user(call: Call) -> Account:
    return await get_account(call.app.store, call.path["id"])


async def _change_user(call: Call) -> Account:
    body: UserPatch = call.body
    change = ChangeAccount(
        call.path["id"], body.role, body.disabled, body.name, call.expected_version(), mfa_off=body.mfa is False
    )
    return await accounts.change_account(call.app, call.request, change)


async def _make_key(call: Call) -> MadeKey:
    return await api_keys.create_api_key(call.app, call.request, call.body.name, call.body.scopes)


async def _keys(call: Call) -> tuple[list[ApiKey], str | None]:
    return await api_keys.list_api_keys(call.app, call.query.limit, call.position())


async def _revoke(call: Call) -> str:
    return await api_keys.revoke_api_key(call.app, call.request, call.path["id"])


async def _jwks(call: Call) -> Answer:
    keys = await call.app.identity.jwks(call.app)
    return Answer(raw=msgspec.json.encode(keys), headers={"cache-control": "public, max-age=300"})


def _show_forgot(call: Call) -> MessageView:
    message = "This shop sends no mail: ask who runs it for a link to set a new password"
    if call.app.mail.delivers:
        message = "If this address has an account, a code to reset its password is on its way"
    return MessageView(message=message)


def _says(message: str) -> dict[str, Any]:
    """Answer with this sentence, whatever the use case returned: a replayed answer says the same."""
    return {"show": lambda *_: MessageView(message=message), "answer": MessageView}


def _show_user(_: Call, account: Account) -> Answer:
    return Answer(user_view(account), etag=f'"{account.version}"')


_OPEN: dict[str, Any] = {"who": "public", "tag": TAG, "limit": "sign-in"}
_SIGN_UP: dict[str, Any] = {
    "run": _sign_up,
    "show": _show_signed_up,
    "body": Credentials,
    "answer": SignedUpView,
    "status": 201,
    "summary": "Sign up; the answer is the same for every address",
    **_OPEN,
}
_SIGN_IN: dict[str, Any] = {
    "run": _sign_in,
    "show": lambda _, session: session_view(session),
    "body": SignInBody,
    "answer": SessionView,
    "at_top": ("token",),
    "summary": "Sign in",
    "errors": (401, 403),
    **_OPEN,
}
_TOLD = {
    _confirm: _says("Your e-mail address is confirmed; you can sign in now"),
    _resend: _says("If this address waits for its confirmation, a new code is on its way"),
    _sign_out: _says("Signed out"),
    _forgot: {"show": lambda call, _: _show_forgot(call), "answer": MessageView},
    _reset: _says("Your password is changed; sign in with the new one"),
    _change_password: _says("Your password is changed; sign in again"),
}
_ME: dict[str, Any] = {"show": _show_user, "answer": UserView, "who": "any", "tag": TAG}
_USER: dict[str, Any] = {"show": _show_user, "answer": UserView, "tag": TAG, "errors": (404, 409, 412)}
ROUTES = (
    Route("POST", "/signup", **_SIGN_UP),
    Route("POST", "/users", **_SIGN_UP),
    Route("POST", "/signup/confirm", _confirm, "Confirm an address with its mailed code", body=ConfirmBody,
          **_TOLD[_confirm], **_OPEN),
    Route("POST", "/signup/resend", _resend, "Mail a new code", body=EmailBody, **_TOLD[_resend], **_OPEN),
    Route("POST", "/signin", **_SIGN_IN),
    Route("POST", "/users/login", **_SIGN_IN),
    Route("POST", "/auth/login", **_SIGN_IN),
    Route("POST", "/token/refresh", _refresh, "Renew a session; a spent refresh token ends it", TAG,
          lambda _, session: session_view(session), who="public", body=RefreshBody, answer=SessionView, errors=(401,),
          at_top=("token",),
          description="Within 10 s of its use a spent refresh token gets the same successor again; later it ends the "
          "session, its ID tokens too. Sent again with its Idempotency-Key, the same request gets the same refresh "
          "token again, until that was used: a lost answer ends no session. Over a user pool the pool decides."),
    Route("POST", "/signout", _sign_out, "End a session, or all of them", who="any", tag=TAG, body=SignOutBody,
          **_TOLD[_sign_out]),
    Route("POST", "/password/forgot", _forgot, "Mail a code to reset the password", body=EmailBody, **_TOLD[_forgot],
          **_OPEN),
    Route("POST", "/password/reset", _reset, "Set a new password with the mailed code", body=ResetBody, **_TOLD[_reset],
          **_OPEN),
    Route("POST", "/setup", _set_up, "Make the first admin with the start's one-time token",
          show=lambda _, account: user_view(account), body=SetUpBody, answer=UserView, status=201, errors=(401, 409),
          **_OPEN),
    Route("GET", "/users/me", _me, "Get one's own account", **_ME),
    Route("PATCH", "/users/me", _rename, "Change one's own name", body=NameBody, errors=(412,), **_ME),
    Route("POST", "/users/me/password", _change_password, "Change one's own password; every session ends", who="any",
          tag=TAG, body=ChangePasswordBody, **_TOLD[_change_password]),
    Route("POST", "/users/me/mfa", _mfa, "Set up, confirm or switch off the second factor (TOTP)", TAG,
          who="any", body=MfaBody, answer=MfaView, errors=(401, 409),
          description="Sent again with its Idempotency-Key, a `setup` gets the same secret until it is confirmed."),
    Route("GET", "/users", _users, "List accounts, newest first; `search` looks for words in email and name",
          TAG, lambda call, found: show_list(call, found, user_view), query=UsersQuery, answer=ListView[UserView],
          description="A search looks through a bounded number of accounts for each page, which may therefore be short "
          "though more follow: `nextToken` goes on."),
    Route("GET", "/users/{id}", _user, "Get an account", **_USER),
    Route("PATCH", "/users/{id}", _change_user, "Change a role, who may sign in, or end a lost second factor",
          body=UserPatch, **_USER),
    Route("GET", "/api-keys", _keys, "List API keys", KEYS,
          lambda call, found: show_list(call, found, api_key_view), query=ListQuery, answer=ListView[ApiKeyView]),
    Route("POST", "/api-keys", _make_key, "Make an API key; it is shown this once", KEYS,
          lambda _, made: made_key_view(made.key, made.shown), body=ApiKeyBody, answer=MadeKeyView, status=201,
          description="The key is kept nowhere: a repeat with the same Idempotency-Key answers with an empty `key`. "
          "Who lost the first answer revokes it and makes another."),
    Route("DELETE", "/api-keys/{id}", _revoke, "Revoke an API key", KEYS,
          lambda _, key_id: MessageView(message=f"API key {key_id} is revoked"), answer=MessageView, errors=(404,)),
    Route("GET", "/.well-known/jwks.json", _jwks, "The public key of the tokens (JWKS)", TAG, who="public", root=True),
)  # fmt: skip
