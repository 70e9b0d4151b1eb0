"""Who guesses passwords, codes or addresses gets nowhere, and learns nothing on the way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from stockwright.accounts.first_admin import offer_setup
from stockwright.accounts.local import LocalIdentity
from stockwright.accounts.sign_in import begin_mfa
from stockwright.accounts.sign_up import SignUp, sign_up
from stockwright.accounts.usecases import ChangeAccount, change_account
from stockwright.asgi import build_asgi
from stockwright.base.ports import Passwords
from stockwright.request import BY_SYSTEM
from stockwright.store.port import Store, Write
from tests.api.asking import Answer, Client
from tests.api.conftest import PASSWORD, asking
from tests.api.scene import ALICE, Scene, without_admins
from tests.conftest import VISITOR

WRONG = "Wrong-Horse-7"
NOBODY, WAITING, DISABLED = "nobody@example.com", "waiting@example.com", "disabled@example.com"
SIGN_IN = ("/signin", "/users/login", "/auth/login")
HOURS_24 = 24 * 3600
DAYS_TRIES_MAX = 120
"""5 free tries, 10 while the lock doubles to 15 minutes, then 4 an hour: 10^6 codes are out of reach."""


async def ask(scene: Scene, path: str, body: dict[str, Any]) -> Answer:
    return await scene.clients[""].post(path, body)


# ---- the law of locks ------------------------------------------------------------------------


async def test_the_lock_doubles_from_a_second_to_15_minutes_on_every_route(scene: Scene) -> None:
    for number in range(5):
        wrong = await ask(scene, SIGN_IN[number % 3], {"email": ALICE, "password": WRONG})
        assert wrong.refusal == (401, "UNAUTHORIZED")
    for seconds in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900):
        for path in SIGN_IN:
            locked = await ask(scene, path, {"email": ALICE.upper(), "password": PASSWORD})
            assert locked.refusal == (429, "ACCOUNT_LOCKED")
            assert locked.headers["retry-after"] == str(seconds)
        scene.clock.advance(seconds=seconds - 0.001)
        assert (await ask(scene, "/signin", {"email": ALICE, "password": PASSWORD})).status == 429
        scene.clock.advance(seconds=0.001)
        assert (await ask(scene, "/signin", {"email": ALICE, "password": WRONG})).status == 401
    scene.clock.advance(minutes=15)
    assert (await ask(scene, "/signin", {"email": ALICE, "password": PASSWORD})).status == 200
    for _ in range(4):
        assert (await ask(scene, "/signin", {"email": ALICE, "password": WRONG})).status == 401
    assert (await ask(scene, "/signin", {"email": ALICE, "password": PASSWORD})).status == 200


async def test_a_lock_survives_a_restart_and_applies_to_every_unknown_client_address(scene: Scene) -> None:
    for _ in range(5):
        await ask(scene, "/signin", {"email": ALICE, "password": WRONG})
    async with asking(build_asgi(scene.app), "198.51.100.7") as elsewhere:
        answer = await Client(elsewhere).post("/signin", {"email": ALICE, "password": PASSWORD})
        assert answer.refusal == (429, "ACCOUNT_LOCKED")


@pytest.mark.parametrize("path", SIGN_IN)
async def test_a_stranger_cannot_lock_the_owner_out_at_a_known_origin(scene: Scene, path: str) -> None:
    scene.app.settings = scene.app.settings.changed(rate_limit=True)
    asgi = build_asgi(scene.app)
    body = {"email": ALICE, "password": PASSWORD}
    async with asking(asgi, "203.0.113.1") as home, asking(asgi, "203.0.113.2") as abroad:
        device = (await Client(home).post(path, body)).data["deviceToken"]
        seen = set()
        for number in range(60):
            async with asking(asgi, f"198.51.100.{number}") as stranger:
                made_up = {"x-device-token": f"{number:064x}"}
                for door in (path, "/password/forgot"):
                    answer = await Client(stranger).post(door, {**body, "password": WRONG}, headers=made_up)
                    seen.add(answer.error["code"] if answer.status >= 400 else "")
        assert seen == {"UNAUTHORIZED", "", "ACCOUNT_LOCKED", "RATE_LIMITED"}
        assert (await Client(abroad).post(path, body)).status == 429
        assert (await Client(home).post(path, body)).status == 200
        assert (await Client(abroad).post(path, body, headers={"x-device-token": device})).status == 200
        assert (await Client(home).post("/password/forgot", body)).status == 200
    change = {"currentPassword": PASSWORD, "newPassword": "Better-Horse-88"}
    assert (await scene.clients[ALICE].post("/users/me/password", change)).status == 200


def _limited() -> set[str]:
    from stockwright.routes import ROUTES

    return {route.path for route in ROUTES if route.limit == "sign-in"}


LIMITED = ("/setup", *SIGN_IN, "/signup", "/users", "/signup/resend", "/signup/confirm", "/password/forgot",
           "/password/reset")  # fmt: skip


def test_every_route_that_names_an_account_is_rate_limited() -> None:
    assert _limited() == set(LIMITED)


@pytest.mark.parametrize("path", LIMITED)
async def test_tries_at_one_account_are_limited_across_all_client_addresses(scene: Scene, path: str) -> None:
    scene.app.settings = scene.app.settings.changed(rate_limit=True)
    asgi = build_asgi(scene.app)
    for number in range(60):
        async with asking(asgi, f"198.51.100.{number}") as http:
            body = {"email": NOBODY, "token": "x", **QUESTIONS.get(path, {"password": PASSWORD})}
            answer = await Client(http).post(path, body)
        if answer.status == 429 and answer.error["code"] == "RATE_LIMITED":
            assert answer.headers["ratelimit-policy"].startswith('"sign-in-account"')
            break
    else:
        pytest.fail("nothing limits the tries at one account")
    async with asking(asgi, "198.51.100.250") as http:
        # Another account's tries are not counted with them.
        other = await Client(http).post(path, {**body, "email": "another@example.com"})
        assert other.status != 429


async def test_a_token_does_not_help_to_guess_the_password(scene: Scene) -> None:
    alice = scene.clients[ALICE]
    found = []
    for number in range(8):
        if number % 2:
            body = {"currentPassword": WRONG, "newPassword": "Better-Horse-88"}
            found.append((await alice.post("/users/me/password", body)).status)
        else:
            action = "off" if number % 4 else "setup"
            found.append((await alice.post("/users/me/mfa", {"action": action, "password": WRONG})).status)
    assert found == [400] * 5 + [429] * 3


# ---- codes -----------------------------------------------------------------------------------


async def tries_in_a_day(scene: Scene, path: str, body: dict[str, Any], counted: set[int]) -> int:
    """How often somebody gets to guess who tries again at the instant that they may."""
    tries = 0
    ends = scene.clock.now() + HOURS_24 * 1000
    while scene.clock.now() < ends:
        answer = await ask(scene, path, body)
        assert answer.status in {*counted, 429}, answer.response.text
        tries += answer.status in counted
        scene.clock.advance(seconds=int(answer.headers.get("retry-after", "0")))
        assert tries < 10 * DAYS_TRIES_MAX
    return tries


@pytest.mark.parametrize("email", [ALICE, NOBODY])
@pytest.mark.parametrize("path", ["/signup/confirm", "/password/reset"])
async def test_guessing_a_mailed_code_all_day_allows_at_most_a_hundred_tries(
    scene: Scene, path: str, email: str
) -> None:
    if email == ALICE:
        await scene.code(ALICE, "confirmation" if path == "/signup/confirm" else "reset")
    body = {"email": email, "code": "x00000", "password": "Better-Horse-88"}
    assert 90 < await tries_in_a_day(scene, path, body, {400}) <= DAYS_TRIES_MAX


async def test_requesting_codes_all_day_sends_at_most_a_hundred_mails(scene: Scene) -> None:
    before = await scene.happened()
    await tries_in_a_day(scene, "/password/forgot", {"email": ALICE}, {200})
    assert await scene.happened() - before <= DAYS_TRIES_MAX


async def test_signing_up_all_day_sends_at_most_a_hundred_mails(scene: Scene) -> None:
    before = await scene.happened()
    for number in range(24 * 12):
        answer = await ask(scene, ("/signup", "/users")[number % 2], {"email": ALICE, "password": PASSWORD})
        assert answer.status == 201
        scene.clock.advance(minutes=5)
    assert 90 < await scene.happened() - before <= DAYS_TRIES_MAX


async def test_a_code_is_valid_for_one_account_one_purpose_one_use_and_one_hour(scene: Scene) -> None:
    code = await scene.code(ALICE, "reset")
    for body in (
        {"email": "bob@example.com", "code": code, "password": "Better-Horse-88"},
        {"email": ALICE, "code": await scene.code(ALICE, "confirmation"), "password": "Better-Horse-88"},
    ):
        assert (await ask(scene, "/password/reset", body)).status == 400
    good = {"email": ALICE, "code": code, "password": "Better-Horse-88"}
    assert (await ask(scene, "/password/reset", good)).status == 200
    assert (await ask(scene, "/password/reset", good)).status == 400
    late = {**good, "code": await scene.code(ALICE, "reset")}
    scene.clock.advance(minutes=60)
    assert (await ask(scene, "/password/reset", late)).status == 400


async def test_codes_cannot_be_predicted_from_each_other(scene: Scene) -> None:
    codes = [await scene.code(ALICE, "reset") for _ in range(300)]
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)
    assert len(set(codes)) > 290
    # No place of the code prefers a digit: 300 draws of ten, each about 30 times.
    for place in range(6):
        assert max(Counter(code[place] for code in codes).values()) < 65


async def test_the_setup_link_cannot_be_guessed(scene: Scene) -> None:
    await without_admins(scene.app)
    token = await offer_setup(scene.app)
    assert len(token) == 40
    body = {"email": "first@example.com", "password": PASSWORD}
    for guess in ("", token[:-1], token.upper() if token.upper() != token else "x", "0" * 40, token + "0"):
        assert (await ask(scene, "/setup", {**body, "token": guess or "x"})).status == 401
    assert (await ask(scene, "/setup", {**body, "token": token})).status == 201
    assert (await ask(scene, "/setup", {**body, "email": "second@example.com", "token": token})).status == 401


# ---- enumeration -----------------------------------------------------------------------------


class CountingPasswords:
    """Counts what is hashed and verified, on its way to the real thing."""

    def __init__(self, passwords: Passwords, work: Counter[str]) -> None:
        self._passwords, self._work = passwords, work

    async def hash(self, password: str) -> str:
        self._work["hash"] += 1
        return await self._passwords.hash(password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self._work["verify"] += 1
        return await self._passwords.verify(password_hash, password)

    def close(self) -> None:
        self._passwords.close()


class CountingStore:
    """Counts the commits, on their way to the real store: each is a write to the disk, and the slowest of all."""

    def __init__(self, store: Store, work: Counter[str]) -> None:
        self._store, self._work = store, work

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, writes: Sequence[Write]) -> None:
        self._work["commit"] += 1
        await self._store.commit(writes)


QUESTIONS = {
    "/signin": {"password": WRONG},
    "/users/login": {"password": WRONG},
    "/auth/login": {"password": WRONG},
    "/signup": {"password": PASSWORD},
    "/users": {"password": PASSWORD},
    "/signup/resend": {},
    "/signup/confirm": {"code": "000000"},
    "/password/forgot": {},
    "/password/reset": {"code": "000000", "password": PASSWORD},
}


async def people(scene: Scene) -> list[str]:
    """An address of each kind that there is."""
    mail: Any = scene.app.mail
    mail.delivers = True
    await sign_up(scene.app, VISITOR, SignUp(WAITING, PASSWORD))
    await sign_up(scene.app, VISITOR, SignUp(DISABLED, PASSWORD))
    from stockwright.accounts.records import find_account_by_email

    account = await find_account_by_email(scene.app.store, DISABLED)
    assert account is not None
    await change_account(scene.app, BY_SYSTEM, ChangeAccount(account.id, disabled=True))
    return [ALICE, NOBODY, WAITING, DISABLED]


@pytest.mark.parametrize("path", QUESTIONS)
async def test_neither_answers_nor_work_reveal_whether_an_account_exists(scene: Scene, path: str) -> None:
    work: Counter[str] = Counter()
    addresses = await people(scene)
    identity: Any = scene.app.identity
    scene.app.identity = LocalIdentity(CountingPasswords(identity.passwords, work), identity.tokens)
    store: Any = CountingStore(scene.app.store, work)
    real, scene.app.store = scene.app.store, store
    seen = set()
    for _ in range(7):
        for email in addresses:
            work.clear()
            answer = await ask(scene, path, {"email": email, **QUESTIONS[path]})
            found = re.sub(r'"(requestId|timestamp)":"[^"]*"', "", answer.response.text).replace(email, "EMAIL")
            headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
            headers["content-length"] = str(len(found))
            seen.add((answer.status, found, str(headers), str(sorted(work.items()))))
        assert len(seen) == 1, seen
        seen.clear()
    scene.app.store = real
    assert QUESTIONS.keys() <= {path.removeprefix("/api") for path in _public_account_paths()}


def test_every_public_route_with_an_email_address_is_tested() -> None:
    assert {path.removeprefix("/api") for path in _public_account_paths()} - QUESTIONS.keys() == {
        "/token/refresh",
        "/setup",
    }


def _public_account_paths() -> set[str]:
    from stockwright.routes import ROUTES

    return {route.full_path for route in ROUTES if route.who == "public" and route.tag == "Accounts" and route.changes}


# ---- sessions and passwords ------------------------------------------------------------------


async def test_a_refresh_token_used_twice_ends_the_sessions_of_thief_and_victim(scene: Scene) -> None:
    await scene.client(ALICE)
    stolen = scene.secrets[ALICE]
    thief = await ask(scene, "/token/refresh", {"refreshToken": stolen})
    assert thief.status == 200
    id_tokens = [scene.clients[ALICE].authorization, f"Bearer {thief.data['idToken']}"]
    scene.clock.advance(seconds=10)
    for token in (stolen, thief.data["refreshToken"]):
        assert (await ask(scene, "/token/refresh", {"refreshToken": token})).refusal == (401, "UNAUTHORIZED")
    last = (await scene.app.store.tail(limit=1, reverse=True))[0]
    assert last.name == "account.refresh_reused"
    for authorization in id_tokens:
        assert (await Client(scene.http, authorization).get("/users/me")).refusal == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("change", ["password", "reset", "disabled", "signed out"])
async def test_ending_sessions_ends_every_token_at_once(scene: Scene, change: str) -> None:
    alice = await scene.client(ALICE)
    refresh = scene.secrets[ALICE]
    assert (await alice.get("/users/me")).status == 200
    if change == "password":
        done = await alice.post("/users/me/password", {"currentPassword": PASSWORD, "newPassword": "Better-Horse-88"})
    elif change == "reset":
        body = {"email": ALICE, "code": await scene.code(ALICE, "reset"), "password": "Better-Horse-88"}
        done = await ask(scene, "/password/reset", body)
    elif change == "disabled":
        done = await scene.clients["admin@example.com"].patch(f"/users/{scene.ids['alice']}", {"disabled": True})
    else:
        done = await alice.post("/signout", {})
    assert done.status == 200
    assert (await alice.get("/users/me")).refusal == (401, "UNAUTHORIZED")
    assert (await ask(scene, "/token/refresh", {"refreshToken": refresh})).refusal == (401, "UNAUTHORIZED")


COMMON = (
    "Password1", "Password123", "P@ssw0rd", "P@ssw0rd1", "Passw0rd!", "Welcome1", "Welcome123!", "Qwerty123",
    "Abc12345", "Abcd1234", "Letmein1", "Iloveyou1", "Admin123", "Admin@123", "Summer2024", "Winter2023!", "Football1",
    "Monkey123", "Dragon123", "Sunshine1", "Princess1", "Charlie1", "Michael1", "Baseball1", "Superman1", "Changeme1",
    "1Q2w3e4r5t", "Zxcvbnm1", "Asdfghjkl1", "Trustno1!", "Starwars1", "passwordpassword", "qwertyuiopasdfgh",
    "1234567890123456", "aaaaaaaaaaaaaaaaaa", "iloveyouiloveyou",
)  # fmt: skip


@pytest.mark.parametrize("door", ["/signup", "/users", "/setup", "/password/reset", "/users/me/password"])
async def test_common_passwords_are_refused_by_every_route(scene: Scene, door: str) -> None:
    taken = []
    for password in (*COMMON, "new.person1@example.com"):
        body: dict[str, Any] = {"email": "new.person1@example.com", "password": password}
        client = scene.clients[""]
        if door == "/setup":
            body["token"] = await offer_setup(scene.app)
        elif door == "/password/reset":
            body |= {"email": ALICE, "code": "000000"}
            if "@" in password:
                body["password"] = ALICE
        elif door == "/users/me/password":
            client = scene.clients[ALICE]
            body = {"currentPassword": PASSWORD, "newPassword": ALICE if "@example" in password else password}
        answer = await client.post(door, body)
        if not (answer.status == 400 and answer.fields <= {"password", "newPassword"}):
            taken.append((password, answer.status, answer.response.text))
    assert taken == []


async def test_a_second_factor_cannot_be_set_up_for_another_account_or_read_again(scene: Scene) -> None:
    alice = scene.clients[ALICE]
    secret = (await alice.post("/users/me/mfa", {"action": "setup", "password": PASSWORD})).data["secret"]
    shown = [(await alice.get("/users/me")).response.text]
    admin = scene.clients["admin@example.com"]
    shown.append((await admin.get(f"/users/{scene.ids['alice']}")).response.text)
    shown.append((await admin.get("/events", limit=100)).response.text)
    shown.append((await alice.patch("/users/me", {"name": "x"}, headers={"if-match": '"999"'})).response.text)
    assert [text for text in shown if secret in text] == []
    with pytest.raises(Exception, match="not found"):
        await begin_mfa(scene.app, VISITOR, PASSWORD)
