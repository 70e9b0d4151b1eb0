"""Accounts over a Cognito user pool: the same use cases, with the pool keeping passwords and signing tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pyotp
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace

from stockwright.accounts.cognito import CognitoIdentity, role_of
from stockwright.accounts.identity import Session
from stockwright.accounts.records import find_account_by_email, get_account, put_account
from stockwright.accounts.sign_in import SignIn, authenticate, begin_mfa, confirm_mfa, refresh, sign_in, sign_out
from stockwright.accounts.sign_up import SignUp, confirm_sign_up, forgot_password, issue_code, sign_up
from stockwright.accounts.usecases import (
    ChangeAccount,
    add_account,
    change_account,
    change_password,
    list_accounts,
    reset_password,
)
from stockwright.adapters import aws as sdk
from stockwright.app import build, close
from stockwright.audit.usecases import audit
from stockwright.base.errors import (
    AccountLocked,
    AlreadyExists,
    Busy,
    Forbidden,
    Invalid,
    StockwrightError,
    Unauthorized,
)
from stockwright.config import Settings
from stockwright.context import App
from stockwright.request import BY_SYSTEM, Request
from stockwright.retention.erasing import erase_account, go_on_erasing
from stockwright.retention.erasure_records import list_erasures
from stockwright.store.batch import Batch
from tests.aws.ministack import UNSIGNED_ACCOUNT, Aws, MiniStack
from tests.aws.pool import Pool, make_pool
from tests.conftest import VISITOR

ADA = "ada@example.com"
GOOD, BETTER = "Blauwal-77", "Vier-Blauwale-77"


@pytest.fixture
def aws(ministack: MiniStack) -> Aws:
    """The account that MiniStack takes calls for that are not signed: a token is renewed by such a one."""
    return Aws(ministack.url, UNSIGNED_ACCOUNT)


@pytest.fixture
def pool(here: Aws) -> Pool:
    return make_pool(here)


@pytest.fixture
async def shop(pool: Pool, tmp_path: Path) -> AsyncIterator[App]:
    settings = Settings(
        data_dir=tmp_path, cognito_user_pool_id=pool.id, cognito_client_id=pool.client_id, log_level="error", mail="ses"
    )
    app = await build(settings)
    yield app
    report = await audit(app)
    await close(app)
    assert report.is_clean


async def refused(shop: App, email: str, password: str) -> StockwrightError:
    with pytest.raises(StockwrightError) as raised:
        await sign_in(shop, VISITOR, SignIn(email, password))
    return raised.value


async def code_of(shop: App, purpose: Any = "confirmation", email: str = ADA) -> str:
    account = await find_account_by_email(shop.store, email)
    assert account is not None
    return (await issue_code(shop, account.id, purpose))[1]


async def ada_is_in(shop: App) -> Session:
    await add_account(shop, BY_SYSTEM, SignUp(ADA, GOOD, "Ada"), "customer")
    return await sign_in(shop, VISITOR, SignIn(ADA, GOOD))


async def test_a_person_signs_up_confirms_and_signs_in(shop: App, pool: Pool) -> None:
    await sign_up(shop, VISITOR, SignUp("Ada@Example.com", GOOD, "Ada"))
    found = await refused(shop, ADA, GOOD)
    assert isinstance(found, Forbidden)
    assert found.details == {"reason": "UNCONFIRMED"}
    assert type(await refused(shop, ADA, "Wrong-wal-77")) is Unauthorized
    await confirm_sign_up(shop, VISITOR, ADA, await code_of(shop))

    session = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    assert session.expires_in == 3600
    claims = jwt.decode(session.id_token, options={"verify_signature": False})
    assert claims["sub"] == session.account.id
    assert await authenticate(shop, VISITOR, f"Bearer {session.id_token}") == session.account.as_actor()
    for other in (session.access_token, session.refresh_token):
        with pytest.raises(Unauthorized):
            await authenticate(shop, VISITOR, other)
    assert {"Name": "email_verified", "Value": "true"} in pool.user(ADA)["UserAttributes"]
    assert session.account.password_hash == ""


async def test_a_taken_address_gets_the_usual_answer_and_its_owner_is_notified(shop: App, pool: Pool) -> None:
    await ada_is_in(shop)
    assert await sign_up(shop, VISITOR, SignUp(ADA, BETTER)) == ADA
    assert [event.name for event in await shop.store.tail(limit=100)][-1] == "account.signup_repeated"
    assert type(await refused(shop, ADA, BETTER)) is Unauthorized
    with pytest.raises(AlreadyExists):
        await add_account(shop, BY_SYSTEM, SignUp(ADA, BETTER), "customer")

    # Known to the pool alone: nobody takes that over by signing up.
    pool.make("root@example.com", GOOD, group="admin")
    assert await sign_up(shop, VISITOR, SignUp("root@example.com", BETTER)) == "root@example.com"
    assert type(await refused(shop, "root@example.com", BETTER)) is Unauthorized
    assert (await sign_in(shop, VISITOR, SignIn("root@example.com", GOOD))).account.role == "admin"


@pytest.mark.parametrize("given", [None, BETTER])
async def test_the_password_of_another_sign_up_never_works_for_the_confirmed_account(
    shop: App, given: str | None
) -> None:
    await sign_up(shop, VISITOR, SignUp(ADA, GOOD, "Mallory"))
    await sign_up(shop, VISITOR, SignUp(ADA, BETTER, "Ada"))
    account = await find_account_by_email(shop.store, ADA)
    assert account is not None
    _, code = await issue_code(shop, account.id, "confirmation", sign_up=account.further[-1].id)
    await confirm_sign_up(shop, VISITOR, ADA, code, given)
    assert type(await refused(shop, ADA, GOOD)) is Unauthorized
    if given is None:
        assert type(await refused(shop, ADA, BETTER)) is Unauthorized
        await reset_password(shop, VISITOR, ADA, await code_of(shop, "reset"), BETTER)
    assert (await sign_in(shop, VISITOR, SignIn(ADA, BETTER))).account.name == "Ada"


async def test_wrong_passwords_and_unknown_addresses_get_the_same_answers_and_locks(shop: App) -> None:
    await add_account(shop, BY_SYSTEM, SignUp(ADA, GOOD), "customer")
    for email in (ADA, "nobody@example.com"):
        found = [await refused(shop, email, "Wrong-wal-77") for _ in range(6)]
        assert [type(each) for each in found] == [Unauthorized] * 5 + [AccountLocked]
        assert len({each.message for each in found[:5]}) == 1


async def test_a_session_is_renewed_and_ended(shop: App) -> None:
    session = await ada_is_in(shop)
    renewed = await refresh(shop, VISITOR, session.refresh_token)
    assert await authenticate(shop, VISITOR, renewed.id_token) == session.account.as_actor()
    await sign_out(shop, Request(session.account.as_actor()), renewed.refresh_token)
    with pytest.raises(Unauthorized):
        await refresh(shop, VISITOR, session.refresh_token)
    with pytest.raises(Unauthorized):
        await refresh(shop, VISITOR, "no token at all")


async def test_signing_out_everywhere_ends_every_token_at_once(shop: App) -> None:
    session = await ada_is_in(shop)
    await sign_out(shop, Request(session.account.as_actor()), None)
    for work in (authenticate(shop, VISITOR, session.id_token), refresh(shop, VISITOR, session.refresh_token)):
        with pytest.raises(Unauthorized):
            await work
    again = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    assert (await authenticate(shop, VISITOR, again.id_token)).id == session.account.id


async def test_an_erased_person_is_deleted_from_the_pool_and_their_token_opens_nothing(shop: App) -> None:
    session = await ada_is_in(shop)
    await erase_account(shop, BY_SYSTEM, session.account.id)
    while await list_erasures(shop.store):
        await go_on_erasing(shop)
    for _ in range(2):
        with pytest.raises(Unauthorized):
            await authenticate(shop, VISITOR, session.id_token)
    assert (await get_account(shop.store, session.account.id)).is_erased
    with pytest.raises(ClientError, match="UserNotFoundException"):
        await sdk.call(
            "cognito-idp",
            "admin_get_user",
            UserPoolId=shop.settings.cognito_user_pool_id,
            Username=session.account.id,
        )
    await shop.identity.remove(shop, session.account.id)


async def test_a_password_is_reset_with_a_mailed_code_and_every_session_ends(shop: App) -> None:
    session = await ada_is_in(shop)
    await forgot_password(shop, VISITOR, ADA)
    await forgot_password(shop, VISITOR, "nobody@example.com")
    await reset_password(shop, VISITOR, ADA, await code_of(shop, "reset"), BETTER)
    with pytest.raises(Unauthorized):
        await authenticate(shop, VISITOR, session.id_token)
    assert type(await refused(shop, ADA, GOOD)) is Unauthorized
    again = await sign_in(shop, VISITOR, SignIn(ADA, BETTER))
    with pytest.raises(Invalid):
        await change_password(shop, Request(again.account.as_actor()), "Wrong-wal-77", GOOD)
    await change_password(shop, Request(again.account.as_actor()), BETTER, GOOD)
    assert (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).account.id == session.account.id


async def test_the_pools_tokens_are_returned_only_after_the_second_factor(shop: App) -> None:
    session = await ada_is_in(shop)
    with pytest.raises(Invalid):
        await begin_mfa(shop, Request(session.account.as_actor()), BETTER)
    secret, _ = await begin_mfa(shop, Request(session.account.as_actor()), GOOD)
    totp, now = pyotp.TOTP(secret), shop.clock.now() // 1000
    await confirm_mfa(shop, Request(session.account.as_actor()), totp.at(now - 30))
    found = await refused(shop, ADA, GOOD)
    assert found.details == {"mfaRequired": True}
    assert (await sign_in(shop, VISITOR, SignIn(ADA, GOOD, totp.at(now)))).account.id == session.account.id
    await change_account(shop, BY_SYSTEM, ChangeAccount(session.account.id, mfa_off=True))
    with pytest.raises(Unauthorized):
        await authenticate(shop, VISITOR, session.id_token)
    assert (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).account.mfa is None


async def test_an_admin_changes_roles_and_disables_accounts_in_the_shop_and_the_pool(shop: App, pool: Pool) -> None:
    await add_account(shop, BY_SYSTEM, SignUp("root@example.com", GOOD), "admin")
    assert pool.groups("root@example.com") == ["admin"]
    session = await ada_is_in(shop)
    await change_account(shop, BY_SYSTEM, ChangeAccount(session.account.id, role="admin", name="Ada L."))
    assert pool.groups(ADA) == ["admin"]
    # The token says customer, and was issued before; the record is believed.
    assert (await authenticate(shop, VISITOR, session.id_token)).role == "admin"
    await change_account(shop, BY_SYSTEM, ChangeAccount(session.account.id, role="customer", disabled=True))
    assert pool.groups(ADA) == []
    assert pool.user(ADA)["Enabled"] is False
    with pytest.raises(Unauthorized):
        await authenticate(shop, VISITOR, session.id_token)
    assert type(await refused(shop, ADA, GOOD)) is Unauthorized
    await change_account(shop, BY_SYSTEM, ChangeAccount(session.account.id, disabled=False))
    assert (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).account.name == "Ada L."


async def test_a_user_added_to_the_admin_group_is_an_admin_with_the_next_token(shop: App, pool: Pool) -> None:
    session = await ada_is_in(shop)
    pool.client.admin_add_user_to_group(UserPoolId=pool.id, Username=ADA, GroupName="admin")
    account = await find_account_by_email(shop.store, ADA)
    assert account is not None
    # A token's time is in seconds: let the record be of an earlier one.
    batch = Batch()
    put_account(batch, replace(account, updated_at=account.updated_at - 5000))
    await batch.commit(shop.store)
    again = await sign_in(shop, VISITOR, SignIn(ADA, GOOD))
    assert again.account.role == "admin"
    # The former token is older than what is on record now.
    assert (await authenticate(shop, VISITOR, session.id_token)).role == "admin"


async def test_a_user_who_was_created_in_the_pool_gets_an_account_at_the_first_sign_in(shop: App, pool: Pool) -> None:
    pool.make("root@example.com", GOOD, group="admin")
    session = await sign_in(shop, VISITOR, SignIn("root@example.com", GOOD))
    assert (session.account.role, session.account.is_confirmed) == ("admin", True)
    assert [each.email for each in (await list_accounts(shop, 10))[0]] == ["root@example.com"]
    pool.make("new@example.com", GOOD, permanent=False)
    found = await refused(shop, "new@example.com", GOOD)
    assert found.details == {"reason": "NEW_PASSWORD"}
    await reset_password(shop, VISITOR, "new@example.com", await code_of(shop, "reset", "new@example.com"), BETTER)
    assert (await sign_in(shop, VISITOR, SignIn("new@example.com", BETTER))).account.role == "customer"


async def test_a_password_that_only_the_pool_refuses_leaves_no_account(shop: App, pool: Pool) -> None:
    pool.client.update_user_pool(
        UserPoolId=pool.id, Policies={"PasswordPolicy": {"MinimumLength": 8, "RequireSymbols": True}}
    )
    with pytest.raises(Invalid):
        await sign_up(shop, VISITOR, SignUp(ADA, "Blauwale77"))
    assert await find_account_by_email(shop.store, ADA) is None
    await sign_up(shop, VISITOR, SignUp(ADA, GOOD))
    await confirm_sign_up(shop, VISITOR, ADA, await code_of(shop))
    assert (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).account.email == ADA


async def test_input_that_breaks_the_pools_patterns_is_reported_as_invalid(
    shop: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the pool takes them; AWS's refuses them with this code."""

    async def refusing(self: object, name: str, **_: Any) -> None:
        raise ClientError({"Error": {"Code": "InvalidParameterException", "Message": "pattern [\\S]+"}}, name)

    monkeypatch.setattr(CognitoIdentity, "_call", refusing)
    with pytest.raises(Invalid, match="begins or ends with a space"):
        await sign_up(shop, VISITOR, SignUp(ADA, " correct horse battery staple"))
    with pytest.raises(Unauthorized):
        await sign_in(shop, VISITOR, SignIn(ADA, " correct horse battery staple"))
    assert await find_account_by_email(shop.store, ADA) is None


async def test_tokens_of_other_pools_are_refused(shop: App, pool: Pool) -> None:
    session = await ada_is_in(shop)
    header = jwt.get_unverified_header(session.id_token)
    claims = jwt.decode(session.id_token, options={"verify_signature": False})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = [
        jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": header["kid"]}),
        jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": "unknown"}),
        jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"kid": header["kid"]}),
        jwt.encode(claims, None, algorithm="none", headers={"kid": header["kid"]}),
        session.id_token[:-4] + "AAAA",
        "a.b.c",
    ]
    for token in forged:
        with pytest.raises(Unauthorized):
            await authenticate(shop, VISITOR, token)

    other = pool.client.create_user_pool_client(
        UserPoolId=pool.id, ClientName="other", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    theirs = pool.client.admin_initiate_auth(
        UserPoolId=pool.id,
        ClientId=other,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ADA, "PASSWORD": GOOD},
    )["AuthenticationResult"]["IdToken"]
    with pytest.raises(Unauthorized):
        await authenticate(shop, VISITOR, theirs)


async def test_the_keys_of_the_pool_are_published(shop: App) -> None:
    session = await ada_is_in(shop)
    keys = (await shop.identity.jwks(shop))["keys"]
    assert jwt.get_unverified_header(session.id_token)["kid"] in {key["kid"] for key in keys}


async def test_an_unreachable_pool_answers_busy_and_locks_nobody(shop: App, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await ada_is_in(shop)
    with monkeypatch.context() as away:
        away.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        sdk._made.cache_clear()
        for _ in range(6):
            assert isinstance(await refused(shop, ADA, GOOD), Busy)
        # Who is signed in already needs the pool no more.
        assert (await authenticate(shop, VISITOR, session.id_token)).email == ADA
    sdk._made.cache_clear()
    assert (await sign_in(shop, VISITOR, SignIn(ADA, GOOD))).account.email == ADA


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["admin"], "admin"),
        (["staff", "admin"], "admin"),
        ("[admin]", "admin"),
        ("[staff admin]", "admin"),
        (["administrators"], "customer"),
        ("[not-admin]", "customer"),
        ("", "customer"),
        (None, "customer"),
    ],
)
def test_groups_are_read_in_both_of_their_forms(groups: Any, role: str) -> None:
    assert role_of(groups) == role
