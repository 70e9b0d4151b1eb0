"""Accounts over HTTP: from signing up to signing out, as S1, S2, S3 and S4 ask for it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import jwt
import pyotp
import pytest
from msgspec.structs import replace

from stockwright.accounts.first_admin import offer_setup
from stockwright.accounts.records import find_account_by_email, put_account
from stockwright.accounts.sign_up import SignUp, issue_code
from stockwright.accounts.usecases import add_account
from stockwright.asgi import build_asgi
from stockwright.context import App
from stockwright.request import BY_SYSTEM
from stockwright.store.batch import Batch
from tests.api.asking import Answer, Client
from tests.api.conftest import PASSWORD, AsKey, asking, signed_in
from tests.conftest import Clock
from tests.engines import everything_stored

ADA = {"email": "ada@example.com", "password": PASSWORD}
BETTER = "Better-Horse-8"
S3 = {
    "clientId": "cognito-client-id",
    "userPoolId": "cognito-user-pool-id",
    "username": ADA["email"],
    "password": PASSWORD,
}


async def session_of(nobody: Client, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await nobody.post("/signin", {**ADA, **more})).data
    return found


def bearer(http: httpx2.AsyncClient, session: dict[str, Any]) -> Client:
    return Client(http, f"Bearer {session['idToken']}")


async def code_for(app: App, purpose: Any) -> str:
    account = await find_account_by_email(app.store, ADA["email"])
    assert account is not None
    return (await issue_code(app, account.id, purpose))[1]


@pytest.fixture
async def ada(app: App, http: httpx2.AsyncClient) -> Client:
    return await signed_in(app, http, "ada")


@pytest.mark.parametrize("sign_up", ["/signup", "/users"])
@pytest.mark.parametrize("log_in", ["/signin", "/users/login", "/auth/login"])
async def test_the_sign_in_of_each_predecessor_works(
    nobody: Client, http: httpx2.AsyncClient, sign_up: str, log_in: str
) -> None:
    assert (await nobody.post(sign_up, S3)).status == 201
    for body in (S3, ADA):
        session = (await nobody.post(log_in, body)).data
        assert session["token"] == session["idToken"]
        assert session["expiresIn"] == 3600
        assert session["user"]["email"] == ADA["email"]
        assert session["user"]["role"] == "customer"
        assert (await bearer(http, session).get("/users/me")).data == session["user"]


async def test_nothing_secret_is_ever_shown(nobody: Client, ada: Client, admin: Client) -> None:
    shown = [
        (await nobody.post("/signin", ADA)).json,
        (await ada.get("/users/me")).json,
        (await admin.get("/users")).json,
        (await admin.patch("/users/me", {"name": "x", "expectedVersion": 99})).json,
        (await admin.get("/events")).json,
    ]
    for text in map(str, shown):
        assert "argon2" not in text
        assert PASSWORD not in text


async def test_signing_up_with_a_taken_address_gets_the_usual_answer(nobody: Client, ada: Client) -> None:
    taken = await nobody.post("/signup", {**ADA, "password": BETTER})
    free = await nobody.post("/signup", {"email": "new@example.com", "password": BETTER})
    assert taken.status == free.status == 201
    assert taken.data.keys() == free.data.keys()
    assert taken.data["message"] == free.data["message"]
    assert (await nobody.post("/signin", {**ADA, "password": BETTER})).refusal == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": PASSWORD}, "email"),
        ({"email": "x", "password": PASSWORD}, "email"),
        ({"email": ADA["email"]}, "password"),
        ({**ADA, "password": "Password1"}, "password"),
        ({**ADA, "password": 7}, "password"),
        ({**ADA, "name": "a\nb"}, "name"),
    ],
)
async def test_the_errors_of_a_sign_up_are_reported_by_field(nobody: Client, body: Any, field: str) -> None:
    refused = await nobody.post("/signup", body)
    assert refused.refusal == (400, "VALIDATION_ERROR")
    assert field in refused.fields


async def test_an_address_is_confirmed_with_its_code(app: App, asgi: Any, nobody: Client) -> None:
    app.mail.delivers = True
    await nobody.post("/signup", ADA)
    refused = await nobody.post("/signin", ADA)
    assert refused.refusal == (403, "FORBIDDEN")
    assert refused.details == {"reason": "UNCONFIRMED"}
    assert (await nobody.post("/signup/resend", {"username": ADA["email"]})).status == 200
    code = await code_for(app, "confirmation")
    assert (await nobody.post("/signup/confirm", {"email": ADA["email"], "code": "x"})).fields == {"code"}
    assert (await nobody.post("/signup/confirm", {"email": ADA["email"], "code": code})).status == 200
    assert (await nobody.post("/signin", ADA)).status == 200


async def test_a_forgotten_password_is_replaced_with_a_code(app: App, nobody: Client, ada: Client) -> None:
    for email in (ADA["email"], "nobody@example.com"):
        asked = await nobody.post("/password/forgot", {"email": email})
        assert asked.status == 200
    first = await nobody.post("/password/forgot", {"email": ADA["email"]})
    other = await nobody.post("/password/forgot", {"email": "nobody@example.com"})
    assert first.data == other.data
    code = await code_for(app, "reset")
    reset = {"email": ADA["email"], "code": code, "password": BETTER}
    assert (await nobody.post("/password/reset", {**reset, "email": "nobody@example.com"})).fields == {"code"}
    assert (await nobody.post("/password/reset", reset)).status == 200
    assert (await ada.get("/users/me")).refusal == (401, "UNAUTHORIZED")
    assert (await nobody.post("/signin", {**ADA, "password": BETTER})).status == 200


async def test_known_and_unknown_addresses_are_locked_alike(nobody: Client, ada: Client) -> None:
    def shown(answer: Answer) -> tuple[Any, ...]:
        return (*answer.refusal, answer.error["message"], answer.headers.get("retry-after"))

    rows = []
    for email in (ADA["email"], "nobody@example.com"):
        rows.append(
            [shown(await nobody.post("/signin", {"email": email, "password": "Wrong-Horse-7"})) for _ in range(7)]
        )
    assert rows[0] == rows[1]
    assert [row[:2] for row in rows[0]] == [(401, "UNAUTHORIZED")] * 5 + [(429, "ACCOUNT_LOCKED")] * 2
    assert rows[0][5][3] == "1"


async def test_tokens_are_renewed_and_a_used_one_ends_the_session(
    nobody: Client, ada: Client, http: httpx2.AsyncClient, clock: Clock
) -> None:
    session = await session_of(nobody)
    renewed = (await nobody.post("/token/refresh", {"refreshToken": session["refreshToken"]})).data
    assert (await bearer(http, renewed).get("/users/me")).status == 200
    clock.advance(seconds=10)
    for token in (session["refreshToken"], renewed["refreshToken"]):
        assert (await nobody.post("/token/refresh", {"refreshToken": token})).refusal == (401, "UNAUTHORIZED")


async def test_a_renewal_whose_answer_was_lost_is_replayed_by_its_key(
    nobody: Client, ada: Client, http: httpx2.AsyncClient, clock: Clock
) -> None:
    spent = (await session_of(nobody))["refreshToken"]
    first = await nobody.post("/token/refresh", {"refreshToken": spent}, key="r-1")
    clock.advance(minutes=5)
    again = await nobody.post("/token/refresh", {"refreshToken": spent}, key="r-1")
    assert (first.status, again.status) == (200, 200)
    assert again.data["refreshToken"] == first.data["refreshToken"] != spent
    assert (await bearer(http, again.data).get("/users/me")).status == 200

    # The next renewal goes on from it; then the old request is none that may come again.
    fresh = again.data["refreshToken"]
    following = await nobody.post("/token/refresh", {"refreshToken": fresh}, key="r-1")
    assert following.data["refreshToken"] not in {fresh, spent}
    clock.advance(seconds=10)
    late = await nobody.post("/token/refresh", {"refreshToken": spent}, key="r-1")
    assert late.refusal == (401, "UNAUTHORIZED")
    for token in (fresh, following.data["refreshToken"]):
        assert (await nobody.post("/token/refresh", {"refreshToken": token})).refusal == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(("first", "second"), [("r-1", "r-2"), ("r-1", None), (None, "r-1")])
async def test_a_used_token_without_the_key_of_its_use_ends_the_session(
    nobody: Client, ada: Client, clock: Clock, first: str | None, second: str | None
) -> None:
    spent = (await session_of(nobody))["refreshToken"]
    renewed = await nobody.post("/token/refresh", {"refreshToken": spent}, key=first)
    clock.advance(seconds=10)
    for token in (spent, renewed.data["refreshToken"]):
        answer = await nobody.post("/token/refresh", {"refreshToken": token}, key=second)
        assert answer.refusal == (401, "UNAUTHORIZED")


async def test_simultaneous_renewals_with_one_key_renew_a_session_once(app: App, nobody: Client, ada: Client) -> None:
    spent = (await session_of(nobody))["refreshToken"]
    async with asking(build_asgi(app)) as elsewhere:
        twins = [nobody, Client(elsewhere)]
        answers = await asyncio.gather(
            *[each.post("/token/refresh", {"refreshToken": spent}, key="r-1") for each in twins]
        )
    assert [answer.status for answer in answers] == [200, 200]
    assert len({answer.data["refreshToken"] for answer in answers}) == 1


async def test_a_disabled_account_cannot_renew_with_the_key_of_an_earlier_renewal_either(
    admin: Client, nobody: Client, ada: Client
) -> None:
    session = await session_of(nobody)
    for status in (200, 401):
        answer = await nobody.post("/token/refresh", {"refreshToken": session["refreshToken"]}, key="r-1")
        assert answer.status == status
        await admin.patch(f"/users/{session['user']['id']}", {"disabled": True})


async def test_the_steps_of_a_second_factor_are_replayed_by_their_keys(ada: Client, clock: Clock) -> None:
    set_up = {"action": "setup", "password": PASSWORD}
    made, again, other = [(await ada.post("/users/me/mfa", set_up, key=key)).data for key in ("s-1", "s-1", "s-2")]
    assert again == made
    assert other["secret"] != made["secret"]
    totp = pyotp.TOTP(other["secret"])
    confirm = {"action": "confirm", "code": totp.at(clock.now() / 1000)}
    for _ in range(2):
        assert (await ada.post("/users/me/mfa", confirm, key="c-1")).data["enabled"] is True
    before = {"action": "confirm", "code": totp.at(clock.now() / 1000 - 30)}
    assert (await ada.post("/users/me/mfa", before, key="c-2")).refusal == (401, "UNAUTHORIZED")
    assert (await ada.post("/users/me/mfa", set_up, key="s-2")).refusal == (409, "CONFLICT")


@pytest.mark.parametrize("path", ["/signin", "/users/login", "/auth/login"])
async def test_a_sign_in_answers_with_the_token_at_the_top_level_too(nobody: Client, ada: Client, path: str) -> None:
    for key in (None, "k1", "k1"):
        answer = (await nobody.post(path, {"email": ADA["email"], "password": PASSWORD}, key=key)).json
        assert answer["token"] == answer["data"]["token"] == answer["data"]["idToken"]
    renewed = (await nobody.post("/token/refresh", {"refreshToken": answer["data"]["refreshToken"]})).json
    assert renewed["token"] == renewed["data"]["idToken"]


async def test_signing_out_ends_the_session(nobody: Client, ada: Client, http: httpx2.AsyncClient) -> None:
    session = await session_of(nobody)
    assert (await bearer(http, session).post("/signout", {"refreshToken": session["refreshToken"]})).status == 200
    assert (await nobody.post("/token/refresh", {"refreshToken": session["refreshToken"]})).status == 401
    session = await session_of(nobody)
    assert (await bearer(http, session).post("/signout")).status == 200
    assert (await bearer(http, session).get("/users/me")).status == 401


async def test_only_the_id_token_authorizes_with_or_without_bearer(
    nobody: Client, ada: Client, http: httpx2.AsyncClient
) -> None:
    session = await session_of(nobody)
    assert (await Client(http, session["idToken"]).get("/users/me")).status == 200
    for token in (session["accessToken"], session["refreshToken"]):
        for header in (token, f"Bearer {token}"):
            refused = await Client(http, header).get("/users/me")
            assert refused.refusal == (401, "UNAUTHORIZED")
            assert refused.error["message"] == "Invalid or missing authentication token"


async def test_others_verify_tokens_with_the_published_keys(nobody: Client, ada: Client) -> None:
    session = await session_of(nobody)
    published = jwt.PyJWKSet.from_dict((await nobody.get("/.well-known/jwks.json")).json)
    key = published[jwt.get_unverified_header(session["idToken"])["kid"]]
    claims = jwt.decode(
        session["idToken"], key, algorithms=["ES256"], audience="stockwright-shop", options={"verify_exp": False}
    )
    assert claims["email"] == ADA["email"]
    assert claims["token_use"] == "id"


async def test_a_person_changes_their_name_and_password(nobody: Client, ada: Client) -> None:
    me = await ada.get("/users/me")
    renamed = await ada.patch("/users/me", {"name": "Ada L."}, headers={"if-match": me.headers["etag"]})
    assert renamed.data["name"] == "Ada L."
    assert (await ada.patch("/users/me", {"name": "x"}, headers={"if-match": me.headers["etag"]})).refusal == (
        412,
        "VERSION_CONFLICT",
    )
    wrong = {"currentPassword": BETTER, "newPassword": BETTER}
    assert (await ada.post("/users/me/password", wrong)).fields == {"currentPassword"}
    assert (await ada.post("/users/me/password", {**wrong, "currentPassword": PASSWORD})).status == 200
    assert (await ada.get("/users/me")).status == 401
    assert (await nobody.post("/signin", {**ADA, "password": BETTER})).status == 200


async def test_a_second_factor_is_set_up_used_and_switched_off(nobody: Client, ada: Client, clock: Clock) -> None:
    assert (await ada.post("/users/me/mfa", {"action": "setup"})).fields == {"password"}
    assert (await ada.post("/users/me/mfa", {"action": "setup", "password": BETTER})).fields == {"password"}
    made = (await ada.post("/users/me/mfa", {"action": "setup", "password": PASSWORD})).data
    totp = pyotp.parse_uri(made["otpauthUri"])
    assert isinstance(totp, pyotp.TOTP)
    assert (await ada.post("/users/me/mfa", {"action": "confirm"})).fields == {"code"}
    confirmed = await ada.post("/users/me/mfa", {"action": "confirm", "code": totp.at(clock.now() / 1000)})
    assert confirmed.data["enabled"] is True
    assert (await ada.get("/users/me")).data["mfaEnabled"] is True

    clock.advance(minutes=2)
    asked = await nobody.post("/signin", ADA)
    assert (asked.refusal, asked.details) == ((401, "UNAUTHORIZED"), {"mfaRequired": True})
    assert await session_of(nobody, mfaCode=totp.at(clock.now() / 1000))
    assert (await ada.post("/users/me/mfa", {"action": "off", "password": PASSWORD})).data["enabled"] is False
    assert await session_of(nobody)


async def test_an_admin_ends_the_second_factor_of_another_and_can_only_end_it(
    admin: Client, ada: Client, nobody: Client, clock: Clock
) -> None:
    made = (await ada.post("/users/me/mfa", {"action": "setup", "password": PASSWORD})).data
    code = pyotp.TOTP(made["secret"]).at(clock.now() / 1000)
    assert (await ada.post("/users/me/mfa", {"action": "confirm", "code": code})).status == 200
    me = (await ada.get("/users/me")).data
    path = f"/users/{me['id']}"
    assert (await ada.patch(path, {"mfa": False})).status == 403
    assert (await admin.patch(path, {"mfa": True})).fields == {"mfa"}
    assert (await admin.patch(path, {"mfa": False, "expectedVersion": me["version"] - 1})).status == 412
    assert (await admin.patch(path, {"name": "Ada L.", "mfa": None})).data["mfaEnabled"] is True
    assert (await admin.patch(path, {"mfa": False})).data["mfaEnabled"] is False
    assert (await ada.get("/users/me")).status == 401
    assert await session_of(nobody)

    own = (await admin.get("/users/me")).data["id"]
    assert (await admin.patch(f"/users/{own}", {"mfa": False})).refusal == (403, "FORBIDDEN")


async def test_an_admin_sees_and_changes_accounts_and_nobody_else_does(
    admin: Client, ada: Client, nobody: Client
) -> None:
    found = (await admin.get("/users")).data["items"]
    by_email = {each["email"]: each for each in found}
    account = by_email[ADA["email"]]
    path = f"/users/{account['id']}"
    for who, status in ((ada, 403), (nobody, 401)):
        for answer in (await who.get("/users"), await who.get(path), await who.patch(path, {"role": "admin"})):
            assert answer.status == status
    assert (await admin.patch(path, {"role": "admin", "expectedVersion": 99})).status == 412
    promoted = await admin.patch(path, {"role": "admin", "expectedVersion": account["version"]})
    assert promoted.data["role"] == "admin"
    assert (await ada.get("/users")).status == 200
    me = by_email["admin@example.com"]["id"]
    assert (await ada.patch(f"/users/{me}", {"disabled": True})).data["disabled"] is True
    assert (await admin.get("/users/me")).status == 401
    assert (await ada.patch(path, {"role": "customer"})).refusal == (409, "CONFLICT")
    assert (await ada.get("/users/usr_nobody")).refusal == (404, "NOT_FOUND")


async def test_an_api_key_is_shown_once_works_and_is_revoked(admin: Client, http: httpx2.AsyncClient) -> None:
    made = await admin.post("/api-keys", {"name": "till", "scopes": ["sales"]}, key="k1")
    assert made.status == 201
    key = made.data["key"]
    again = await admin.post("/api-keys", {"name": "till", "scopes": ["sales"]}, key="k1")
    assert again.replayed
    assert again.data["id"] == made.data["id"]
    assert key not in str(again.json)
    assert key not in str((await admin.get("/api-keys")).json)
    for header in (key, f"Bearer {key}"):
        assert (await Client(http, header).get("/sales")).status == 200
        assert (await Client(http, header).get("/users/me")).refusal == (403, "FORBIDDEN")
    assert (await admin.delete(f"/api-keys/{made.data['id']}")).status == 200
    assert (await Client(http, key).get("/sales")).refusal == (401, "UNAUTHORIZED")
    assert (await admin.delete(f"/api-keys/{made.data['id']}")).refusal == (404, "NOT_FOUND")


async def test_an_api_key_cannot_create_keys(as_key: AsKey) -> None:
    machine = await as_key("inventory", "reservations", "sales", "orders:pack", "orders:deliver", "metrics")
    assert (await machine.post("/api-keys", {"name": "more", "scopes": ["sales"]})).status == 403


async def test_the_set_up_link_makes_the_first_admin(app: App, nobody: Client) -> None:
    token = await offer_setup(app)
    body = {"token": token, "email": "boss@example.com", "password": PASSWORD}
    assert (await nobody.post("/setup", {**body, "token": "x"})).status == 401
    assert (await nobody.post("/setup", body)).status == 201
    assert (await nobody.post("/setup", {**body, "email": "second@example.com"})).status == 401
    session = (await nobody.post("/signin", {"email": "boss@example.com", "password": PASSWORD})).data
    assert session["user"]["role"] == "admin"


async def test_no_token_and_no_api_key_is_stored_for_a_replay(
    app: App, nobody: Client, ada: Client, admin: Client
) -> None:
    session = (await nobody.post("/signin", ADA, key="s1")).data
    renewed = (await nobody.post("/token/refresh", {"refreshToken": session["refreshToken"]}, key="s2")).data
    made = (await admin.post("/api-keys", {"name": "till", "scopes": ["sales"]}, key="s3")).data
    stored = everything_stored(app.store)
    assert made["id"].encode() in stored
    for secret in (session["idToken"], session["refreshToken"], renewed["refreshToken"], made["key"], PASSWORD):
        assert secret.encode() not in stored


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/signup", {"email": "new@example.com", "password": PASSWORD}),
        ("/signup/resend", {"email": ADA["email"]}),
        ("/password/forgot", {"email": ADA["email"]}),
    ],
)
async def test_a_replayed_answer_is_the_first_one(nobody: Client, ada: Client, path: str, body: Any) -> None:
    first, second = await nobody.post(path, body, key="k"), await nobody.post(path, body, key="k")
    assert second.replayed
    assert (second.status, second.data) == (first.status, first.data)


async def test_a_replayed_change_answers_like_the_first(app: App, nobody: Client, ada: Client, admin: Client) -> None:
    reset = {"email": ADA["email"], "code": await code_for(app, "reset"), "password": BETTER}
    first, second = [await nobody.post("/password/reset", reset, key="r") for _ in range(2)]
    assert second.replayed
    assert second.data == first.data

    bob = await add_account(app, BY_SYSTEM, SignUp("bob@example.com", PASSWORD), "customer")
    first, second = [await admin.patch(f"/users/{bob.id}", {"disabled": True}, key="d") for _ in range(2)]
    assert second.replayed
    assert (second.data, second.headers["etag"]) == (first.data, first.headers["etag"])

    made = (await admin.post("/users/me/mfa", {"action": "setup", "password": PASSWORD})).data
    assert made["secret"]
    first, second = [
        await admin.post("/users/me/mfa", {"action": "off", "password": PASSWORD}, key="o") for _ in range(2)
    ]
    assert second.data == first.data


async def test_accounts_are_found_by_parts_of_email_and_name(app: App, admin: Client) -> None:
    for email, name in (("zoe@example.com", "Zoë Müller"), ("max@shop.example", "Max Muller"), ("mia@example.com", "")):
        await add_account(app, BY_SYSTEM, SignUp(email, PASSWORD, name), "customer")

    async def found(search: str, **more: Any) -> list[str]:
        return [each["email"] for each in (await admin.get("/users", search=search, **more)).data["items"]]

    assert await found("muller") == ["max@shop.example", "zoe@example.com"]
    assert await found("MÜLL zo") == ["zoe@example.com"]
    assert await found("example shop") == ["max@shop.example"]
    assert await found("zoe nobody") == []
    assert len(await found("  ")) == 4
    assert (await admin.get("/users", search="x" * 201)).refusal == (400, "VALIDATION_ERROR")


async def test_an_account_is_found_by_the_unicode_and_by_the_ascii_form_of_its_mail_domain(
    app: App, admin: Client
) -> None:
    await add_account(app, BY_SYSTEM, SignUp("zoe@exämple.de", PASSWORD, "Zoë"), "customer")
    former, batch = await add_account(app, BY_SYSTEM, SignUp("max@example.com", PASSWORD), "customer"), Batch()
    put_account(batch, replace(former, email="müller@exämple.de"))
    await batch.commit(app.store)

    async def found(search: str) -> list[str]:
        return [each["email"] for each in (await admin.get("/users", search=search)).data["items"]]

    assert await found("zoe@exämple.de") == await found("ZOE@xn--exmple-cua.de") == ["zoe@xn--exmple-cua.de"]
    assert await found("müller@exämple.de") == await found("müller@xn--exmple-cua.de") == ["müller@exämple.de"]
    assert await found("exämple.de") == await found("xn--ex") == ["müller@exämple.de", "zoe@xn--exmple-cua.de"]


async def test_a_search_for_accounts_returns_all_of_them_in_pages(app: App, admin: Client) -> None:
    for number in range(12):
        name = "Ada" if number % 3 == 0 else "Bob"
        await add_account(app, BY_SYSTEM, SignUp(f"p{number:02}@example.com", PASSWORD, name), "customer")
    found, token = list[str](), None
    while True:
        query = {"search": "ada", "limit": 3} | ({"nextToken": token} if token else {})
        page = (await admin.get("/users", **query)).data
        found += [each["email"] for each in page["items"]]
        token = page["nextToken"]
        if token is None:
            break
    assert found == [f"p{number:02}@example.com" for number in (9, 6, 3, 0)]


async def test_a_shop_that_sends_no_mail_says_so_to_everybody_who_forgot_a_password(
    nobody: Client, ada: Client
) -> None:
    messages = [
        (await nobody.post("/password/forgot", {"email": email})).data["message"]
        for email in (ADA["email"], "x@y.example")
    ]
    assert len(set(messages)) == 1
    assert "sends no mail" in messages[0]
