"""Who may do what: every route with every kind of caller. A new route needs a line in WHO, or nothing here passes."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stockwright.accounts.api_keys import create_api_key
from stockwright.accounts.sign_in import sign_out
from stockwright.accounts.usecases import ChangeAccount, change_account
from stockwright.adapters.tokens import Es256Tokens, make_key
from stockwright.base.actor import SCOPES
from stockwright.http.route import Route
from stockwright.notifications.records import Notification, put_notification
from stockwright.request import BY_SYSTEM, Request
from stockwright.routes import ROUTES
from stockwright.store.batch import Batch
from tests.api.asking import Client
from tests.api.conftest import TOKEN_KEY
from tests.api.scene import ADMIN, ALICE, BOB, GOOD, Ask, Scene, masked
from tests.conftest import VISITOR, Clock

pytestmark = pytest.mark.one_engine

WHO = {
    "public": """
        GET /api/health, GET /api/health/live, GET /api/health/ready, GET /api/docs/spec, GET /.well-known/jwks.json,
        POST /api/signup, POST /api/users, POST /api/signup/confirm, POST /api/signup/resend, POST /api/signin,
        POST /api/users/login, POST /api/auth/login, POST /api/token/refresh, POST /api/password/forgot,
        POST /api/password/reset, POST /api/setup, GET /api/items, GET /api/items/{id},
        GET /api/inventory/product/{productId}, GET /api/inventory/sku/{sku}, POST /api/inventory/check-availability,
        GET /api/settings/public, PUT /api/uploads/{id}, GET /api/shipping-methods
    """,
    "any": """
        POST /api/signout, GET /api/users/me, PATCH /api/users/me, DELETE /api/users/me, POST /api/users/me/password,
        POST /api/users/me/mfa, GET /api/users/me/addresses, POST /api/users/me/addresses,
        PATCH /api/users/me/addresses/{id}, DELETE /api/users/me/addresses/{id},
        GET /api/products, GET /api/products/{id}, GET /api/categories, GET /api/inventory, GET /api/locations,
        POST /api/orders, GET /api/orders, GET /api/orderslist, GET /api/orders/{id}, GET /api/order/{id},
        POST /api/orders/{id}/cancel
    """,
    "any, key:reservations": """
        POST /api/inventory/product/{productId}/reserve, POST /api/reservations, GET /api/reservations,
        GET /api/reservations/{id}, POST /api/reservations/{id}/extend, POST /api/inventory/reservation/{id}/confirm,
        POST /api/inventory/reservation/{id}/cancel
    """,
    "admin": """
        GET /api/users, GET /api/users/{id}, PATCH /api/users/{id}, DELETE /api/users/{id}, GET /api/api-keys,
        POST /api/api-keys,
        DELETE /api/api-keys/{id}, POST /api/categories, PATCH /api/categories/{name},
        DELETE /api/api-keys/{id}, POST /api/products, PUT /api/products/{id}, PATCH /api/products/{id},
        DELETE /api/products/{id}, POST /api/products/{id}/variants,
        POST /api/products/{id}/variants/spread,
        PATCH /api/products/{id}/variants/{variantId}, DELETE /api/products/{id}/variants/{variantId},
        POST /api/categories, PATCH /api/categories/{name},
        DELETE /api/categories/{name}, GET /api/inventory/low-stock,
        GET /api/inventory/movements, GET /api/inventory/product/{productId}/movements,
        GET /api/inventory/product/{productId}/explain, POST /api/inventory/cleanup-expired, POST /api/locations,
        PATCH /api/locations/{id}, POST /api/orders/{id}/returns,
        POST /api/shipping-methods, PATCH /api/shipping-methods/{id}, DELETE /api/shipping-methods/{id},
        PATCH /api/orders/{id}, GET /api/events, GET /api/events/stream,
        GET /api/notifications, POST /api/notifications/{id}/resend, GET /api/dead-letters,
        POST /api/dead-letters/{id}/redrive,
        GET /api/settings, PATCH /api/settings, GET /api/retention, POST /api/retention/accept,
        GET /api/blocked-addresses, POST /api/blocked-addresses, DELETE /api/blocked-addresses/{id},
        DELETE /api/dead-letters/{id}, GET /api/reports/summary, GET /api/reports/sales, GET /api/reports/top-products,
        GET /api/reports/stock-value, GET /api/reports/stock-history,
        GET /api/products/export, GET /api/inventory/export, GET /api/movements/export,
        GET /api/orders/export
    """,
    "admin, key:products:write": """
        POST /api/products/import,
        POST /api/products, PUT /api/products/{id}, PATCH /api/products/{id}, DELETE /api/products/{id},
        POST /api/products/{id}/images, PATCH /api/products/{id}/images/{imageId},
        DELETE /api/products/{id}/images/{imageId}, POST /api/uploads
    """,
    "admin, key:inventory": """
        POST /api/inventory/initialize, PATCH /api/inventory/product/{productId}/stock, PUT /api/stock,
        POST /api/inventory/transfer, POST /api/inventory/counts, GET /api/inventory/counts,
        GET /api/inventory/counts/{id}, POST /api/inventory/counts/{id}/scans, GET /api/inventory/counts/{id}/lines,
        GET /api/inventory/counts/{id}/sheet, POST /api/inventory/counts/{id}/post,
        POST /api/inventory/counts/{id}/discard, POST /api/inventory/import
    """,
    "admin, key:inventory, key:products:write": """
        GET /api/imports, GET /api/imports/{id}, GET /api/imports/{id}/errors.csv, POST /api/imports/{id}/cancel,
        POST /api/imports/{id}/undo, POST /api/imports/columns
    """,
    "admin, key:inventory, key:sales": "GET /api/inventory/scan",
    "admin, key:sales": "POST /api/sales, GET /api/sales, GET /api/sales/{id}",
    "admin, key:orders:pack": "POST /api/orders/{id}/pack, POST /api/orderpacked/{id}",
    "admin, key:orders:deliver": "POST /api/orders/{id}/deliver, POST /api/orderdelivered/{id}",
    "admin, key:metrics": "GET /api/metrics",
}
"""What the rules allow, written down apart from the route table. Metrics are also open to callers from this machine."""

SOMEBODYS = {
    "POST /api/reservations/{id}/extend": "hold",
    "POST /api/inventory/reservation/{id}/confirm": "hold",
    "POST /api/inventory/reservation/{id}/cancel": "hold",
    "GET /api/reservations/{id}": "hold",
    "GET /api/orders/{id}": "placed",
    "GET /api/order/{id}": "placed",
    "POST /api/orders/{id}/cancel": "placed",
    "PATCH /api/users/me/addresses/{id}": "address",
    "DELETE /api/users/me/addresses/{id}": "address",
}
"""The routes that a customer may ask, of things that belong to somebody."""
NOBODYS = {"GET /api/products/{id}", "POST /api/inventory/product/{productId}/reserve"}
"""The routes with something in their path that a customer may ask, of things that are everybody's."""


def said(route: Route) -> str:
    return f"{route.method} {route.full_path}"


def rules() -> dict[str, str]:
    return {each.strip(): who for who, routes in WHO.items() for each in routes.split(",")}


def may(route: Route) -> tuple[str, set[str]]:
    """Who may ask it, and with which scopes a key may."""
    person, _, scope = rules()[said(route)].partition(", key:")
    return person, set(scope.split(", key:")) if scope else set()


ENDLESS = "/api/events/stream"
CLOSED = [route for route in ROUTES if may(route)[0] != "public"] if rules().keys() >= set(map(said, ROUTES)) else []
ENDING = {"POST /api/signout", "DELETE /api/users/me"}
"""After these nobody is signed in any more."""
FINITE = [route for route in ROUTES if route.full_path != ENDLESS]


async def asked(client: Client, route: Route) -> int:
    path = re.sub(r"{\w+}", "none", route.full_path)
    headers = {} if client.authorization is None else {"authorization": client.authorization.encode()}
    body: dict[str, str] | None = {} if route.changes else None
    response = await client.http.request(route.method, path, json=body, headers=headers)
    return response.status_code


def test_every_route_is_in_the_table_of_rules_and_follows_it() -> None:
    assert rules().keys() == set(map(said, ROUTES))
    for route in ROUTES:
        assert (route.who, set(route.scopes)) == may(route), said(route)


# ---- nobody ----------------------------------------------------------------------------------


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


class Tokens:
    """An admin's good token, and what can be made of it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.good = (scene.clients[ADMIN].authorization or "").removeprefix("Bearer ")
        self.claims = claims_of(self.good)
        self.now = scene.clock.now() // 1000

    def signed(self, key: bytes = TOKEN_KEY, issuer: str = "stockwright", audience: str = "stockwright-shop",
               **claims: Any) -> str:  # fmt: skip
        return Es256Tokens(key, issuer, audience, Clock()).sign({**self.claims, **claims})


def _public_pem() -> bytes:
    key = serialization.load_pem_private_key(TOKEN_KEY, None)
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _hs256(tokens: Tokens, secret: bytes) -> str:
    """A token whose seal is an HMAC with what everybody knows (PyJWT itself refuses to make one)."""
    import hashlib
    import hmac

    found = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(tokens.claims)}"
    seal = base64.urlsafe_b64encode(hmac.digest(secret, found.encode(), hashlib.sha256)).decode().rstrip("=")
    return f"{found}.{seal}"


def _self_signed(tokens: Tokens) -> str:
    """A token that brings the key it is to be verified with."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return jwt.encode(tokens.claims, key, algorithm="ES256", headers={"jwk": jwk})


def _tampered(tokens: Tokens) -> str:
    alice = (tokens.scene.clients[ALICE].authorization or "").removeprefix("Bearer ")
    head, _, seal = alice.split(".")
    return f"{head}.{part({**claims_of(alice), 'sub': tokens.claims['sub'], 'cognito:groups': ['admin']})}.{seal}"


async def _access_token(tokens: Tokens) -> str:
    await tokens.scene.client(ADMIN)
    return tokens.signed(token_use="access")


async def _refresh_token(tokens: Tokens) -> str:
    await tokens.scene.client(ADMIN)
    return tokens.scene.secrets[ADMIN]


async def _disabled(tokens: Tokens) -> str:
    app = tokens.scene.app
    await change_account(app, BY_SYSTEM, ChangeAccount(tokens.scene.ids["alice"], role="admin"))
    alice = (tokens.scene.clients[ALICE].authorization or "").removeprefix("Bearer ")
    assert (await Client(tokens.scene.http, alice).get("/users")).status == 200
    await change_account(app, BY_SYSTEM, ChangeAccount(tokens.scene.ids["alice"], disabled=True))
    return alice


async def _signed_out(tokens: Tokens) -> str:
    actor = await tokens.scene.app.identity.whose(tokens.scene.app, VISITOR, tokens.good)
    await sign_out(tokens.scene.app, Request(actor.as_actor()), None)
    return tokens.good


async def _revoked_key(tokens: Tokens) -> str:
    made = await create_api_key(tokens.scene.app, BY_SYSTEM, "machine", list(SCOPES))
    assert (await tokens.scene.clients[ADMIN].delete(f"/api-keys/{made.key.id}")).status == 200
    return made.shown


async def _key_with_one_letter_changed(tokens: Tokens) -> str:
    shown = (await create_api_key(tokens.scene.app, BY_SYSTEM, "machine", list(SCOPES))).shown
    return shown[:-1] + ("a" if shown[-1] != "a" else "b")


def _unsealed(alg: str) -> Callable[[Tokens], str]:
    return lambda tokens: f"{part({'alg': alg, 'typ': 'JWT'})}.{part(tokens.claims)}."


NOT_A_PASS: dict[str, Callable[[Tokens], str] | Callable[[Tokens], Awaitable[str]]] = {
    "expired": lambda tokens: tokens.signed(exp=tokens.now),
    "of another issuer": lambda tokens: tokens.signed(issuer="https://else.example"),
    "for another audience": lambda tokens: tokens.signed(audience="another-shop"),
    "of another key": lambda tokens: tokens.signed(make_key()),
    "that brings its own key": _self_signed,
    "an access token": _access_token,
    "a refresh token": _refresh_token,
    "without a use": lambda tokens: tokens.signed(token_use=""),
    "of nobody": lambda tokens: tokens.signed(sub="usr_nobody"),
    "of an earlier session": lambda tokens: tokens.signed(gen=0),
    "alg none": _unsealed("none"),
    "alg None": _unsealed("None"),
    "alg NONE": _unsealed("NONE"),
    "alg empty": _unsealed(""),
    "HS256 with the public key as PEM": lambda tokens: _hs256(tokens, _public_pem()),
    "HS256 with the public key as JWK": lambda tokens: _hs256(
        tokens, json.dumps(Es256Tokens(TOKEN_KEY, "", "", Clock()).jwks()["keys"][0]).encode()
    ),
    "HS256 with nothing": lambda tokens: _hs256(tokens, b""),
    "with a changed payload": _tampered,
    "without its seal": lambda tokens: tokens.good.rsplit(".", 1)[0] + ".",
    "with another's seal": lambda tokens: ".".join(
        [*tokens.good.split(".")[:2], tokens.signed(make_key()).split(".")[2]]
    ),
    "of a disabled account": _disabled,
    "signed out": _signed_out,
    "a revoked key": _revoked_key,
    "a mistyped key": _key_with_one_letter_changed,
}


@pytest.mark.parametrize("kind", [None, *NOT_A_PASS])
async def test_without_a_valid_token_only_public_routes_answer(scene: Scene, kind: str | None) -> None:
    token = None
    if kind is not None:
        made = NOT_A_PASS[kind](Tokens(scene))
        token = made if isinstance(made, str) else await made
    before = await scene.happened()
    for route in CLOSED:
        for authorization in [None] if token is None else [token, f"Bearer {token}"]:
            assert await asked(Client(scene.http, authorization), route) == 401, said(route)
    assert CLOSED
    assert await scene.happened() == before


async def test_the_token_that_the_invalid_ones_are_derived_from_is_valid(scene: Scene) -> None:
    tokens = Tokens(scene)
    for token in (tokens.good, tokens.signed(), f"Bearer {tokens.good}"):
        assert (await Client(scene.http, token).get("/users")).status == 200


async def test_a_malformed_credential_is_refused(scene: Scene) -> None:
    for authorization in (
        "Bearer",
        "Bearer ",
        "Basic YWRtaW46YWRtaW4=",
        "x" * 5000,
        "sw_nonsense",
        "Bearer null",
        ",",
        "é",
    ):
        for route in CLOSED:
            status = await asked(Client(scene.http, authorization), route)
            assert status == 401, (authorization, said(route))


async def test_public_routes_answer_with_any_credential(scene: Scene) -> None:
    for route in ROUTES:
        if may(route)[0] == "public":
            for authorization in (None, "Bearer x.y.z", "sw_nonsense"):
                status = await asked(Client(scene.http, authorization), route)
                assert status != 403, said(route)
                assert status < 500, said(route)


# ---- people and machines ---------------------------------------------------------------------


async def test_a_customer_may_not_use_the_routes_of_admins(scene: Scene) -> None:
    for route in [each for each in FINITE if said(each) not in ENDING]:
        status = await asked(scene.clients[BOB], route)
        assert (status == 403) is (may(route)[0] == "admin"), said(route)
        assert status != 401 or may(route)[0] == "public", said(route)
    headers = {"authorization": scene.clients[BOB].authorization or ""}
    assert (await scene.http.get(ENDLESS, headers=headers)).status_code == 403


async def test_an_admin_may_use_every_route(scene: Scene) -> None:
    for route in [each for each in FINITE if said(each) not in ENDING]:
        status = await asked(scene.clients[ADMIN], route)
        assert status not in {403, 500}, said(route)
        assert status != 401 or may(route)[0] == "public", said(route)


async def test_an_admin_whose_role_was_taken_is_a_customer_at_once(scene: Scene) -> None:
    await change_account(scene.app, BY_SYSTEM, ChangeAccount(scene.ids["alice"], role="admin"))
    assert (await scene.clients[ALICE].get("/users")).status == 200
    await change_account(scene.app, BY_SYSTEM, ChangeAccount(scene.ids["alice"], role="customer"))
    assert (await scene.clients[ALICE].get("/users")).refusal == (403, "FORBIDDEN")


@pytest.mark.parametrize("scope", SCOPES)
async def test_an_api_key_may_use_the_routes_of_its_scopes_only(scene: Scene, scope: str) -> None:
    client = Client(scene.http, (await create_api_key(scene.app, BY_SYSTEM, "machine", [scope])).shown)
    opened = 0
    for route in CLOSED:
        status = await asked(client, route)
        assert (status == 403) is (scope not in may(route)[1]), said(route)
        assert status != 401, said(route)
        opened += status != 403
    assert opened


# ---- what is another's -----------------------------------------------------------------------


def test_every_customer_route_to_one_resource_is_listed_with_its_owner() -> None:
    reached = {said(route) for route in ROUTES if "{" in route.path and may(route)[0] == "any"}
    assert reached == SOMEBODYS.keys() | NOBODYS


async def test_nobody_reads_or_changes_the_resources_of_another(scene: Scene) -> None:
    before, stored = await scene.happened(), scene.stored()
    for route in [each for each in ROUTES if said(each) in SOMEBODYS]:
        path = re.sub(r"{\w+}", scene.ids[SOMEBODYS[said(route)]], route.path)
        _, body = GOOD.get((route.method, route.path), ("", None))
        ask = Ask(BOB, route.method, path, body)
        # A saved address is looked for among the caller's own.
        refusal = (404, "NOT_FOUND") if "/me/" in route.path else (403, "FORBIDDEN")
        assert (await scene.send(ask)).refusal == refusal, said(route)
        assert (await scene.send(ask, "a-key")).refusal == refusal, said(route)
    assert (await scene.happened(), scene.stored()) == (before, stored)


async def test_a_list_shows_a_customer_only_their_own(scene: Scene) -> None:
    bob, alice = scene.clients[BOB], scene.clients[ALICE]
    for path in ("/orders", "/orderslist", "/reservations"):
        assert (await bob.get(path)).data["items"] == []
        assert len((await alice.get(path)).data["items"]) > 0
        assert (await bob.get(path, scope="all")).refusal == (403, "FORBIDDEN")


HOLD_STATES = ("ACTIVE", "CONFIRMED", "CANCELLED", "EXPIRED", "EXPIRED, not swept")
ORDER_STATES = ("PENDING", "PACKED", "DELIVERED", "CANCELLED")


async def hold_in(scene: Scene, state: str) -> str:
    """Bring Alice's hold into a state; returns its path."""
    path = f"/reservations/{scene.ids['hold']}"
    step = {"CONFIRMED": "confirm", "CANCELLED": "cancel"}.get(state)
    if step:
        assert (await scene.clients[ALICE].post(f"/inventory{path.replace('ations', 'ation')}/{step}")).status == 200
    if state.startswith("EXPIRED"):
        scene.clock.advance(minutes=16)
    if state == "EXPIRED":
        assert (await scene.clients[ADMIN].post("/inventory/cleanup-expired")).data == {"cleaned": 1}
    assert (await scene.clients[ALICE].get(path)).data["status"] == state.partition(",")[0]
    return path


async def order_in(scene: Scene, state: str) -> str:
    """Find or make an order of Alice's in a state; returns its path."""
    known = {"PENDING": "placed", "PACKED": "packed", "DELIVERED": "delivered", "CANCELLED": "placed"}[state]
    path = f"/orders/{scene.ids[known]}"
    if state == "CANCELLED":
        assert (await scene.clients[ALICE].post(f"{path}/cancel")).status == 200
    assert (await scene.clients[ALICE].get(path)).data["status"] == state
    return path


def _customers_routes(thing: str) -> list[str]:
    return [route for route, named in SOMEBODYS.items() if named == thing]


@pytest.mark.parametrize(
    ("thing", "state"),
    [*(("hold", state) for state in HOLD_STATES), *(("placed", state) for state in ORDER_STATES)],
)
async def test_nobody_reads_or_changes_the_resources_of_another_in_any_state(
    scene: Scene, thing: str, state: str
) -> None:
    make = hold_in if thing == "hold" else order_in
    path = await make(scene, state)
    name = path.rpartition("/")[2]
    alice, bob = scene.clients[ALICE], scene.clients[BOB]
    before = (await alice.get(path)).json["data"]
    for route in _customers_routes(thing):
        method, _, pattern = route.partition(" /api")
        for headers in ({}, {"if-match": '"1"'}, {"if-match": '"999"'}, {"if-none-match": "*"}):
            body = {} if method == "POST" else None
            answer = await bob.ask(method, pattern.replace("{id}", name), body, headers=headers)
            assert answer.status in {403, 404}, (route, answer.response.text)
            assert ALICE not in answer.response.text
            assert scene.ids["product"] not in answer.response.text
    for listed in ("/reservations", "/orders", "/orderslist"):
        assert name not in (await bob.get(listed, limit=100)).response.text
        assert (await bob.get(listed, scope="all")).status == 403
    assert (await alice.get(path)).json["data"] == before


async def test_routes_of_staff_show_a_customer_nothing_about_others(scene: Scene) -> None:
    admin, bob = scene.clients[ADMIN], scene.clients[BOB]
    sale = (await admin.post("/sales", {"productId": scene.ids["product"], "quantity": 1})).data["id"]
    batch = Batch()
    for status in ("SENT", "FAILED"):
        found = Notification(
            id=f"ntf_{status}",
            channel="email",
            to=ALICE,
            subject="Hello",
            body="secret words",
            status=status,
            event_id="evt_1",
            about=scene.ids["placed"],
            created_at=1,
        )
        put_notification(batch, found)
    await batch.commit(scene.app.store)
    assert "secret words" in (await admin.get("/notifications")).response.text
    for path in (f"/sales/{sale}", "/sales", "/notifications", f"/users/{scene.ids['alice']}", "/users",
                 "/dead-letters", "/events", "/inventory/movements", "/orders/export"):  # fmt: skip
        answer = await bob.get(path)
        assert answer.refusal == (403, "FORBIDDEN"), path
        assert not {each for each in ("secret words", ALICE, sale) if each in answer.response.text}


async def test_the_idempotency_keys_and_page_tokens_of_another_person_do_not_work(scene: Scene) -> None:
    body = {"productId": scene.ids["product"], "quantity": 1}
    mine = await scene.clients[ALICE].post("/orders", body, key="k")
    his = await scene.clients[BOB].post("/orders", body, key="k")
    assert mine.data["id"] != his.data["id"]
    assert not his.replayed
    token = (await scene.clients[ALICE].get("/orders", limit=1)).data["nextToken"]
    seen = (await scene.clients[BOB].get("/orders", limit=10, nextToken=token)).data["items"]
    assert {order["userEmail"] for order in seen} <= {BOB}


async def test_nobody_can_end_the_session_of_another(scene: Scene) -> None:
    await scene.client(ALICE)
    assert (await scene.clients[BOB].post("/signout", {"refreshToken": scene.secrets[ALICE]})).status == 200
    assert (await scene.clients[""].post("/token/refresh", {"refreshToken": scene.secrets[ALICE]})).status == 200


# ---- what is the shop's own to say -----------------------------------------------------------

SERVER_OWNED: dict[str, Any] = {
    "id": "ord_mine", "orderId": "ord_mine", "userId": "usr_x", "userEmail": "x@example.com", "ownerId": "usr_x",
    "createdBy": "usr_x", "actor": "system", "requestId": "forged", "createdAt": "2001-01-01T00:00:00.000Z",
    "updatedAt": "2001-01-01T00:00:00.000Z", "expiresAt": "2999-01-01T00:00:00.000Z", "lastUsedAt": None,
    "version": 99, "generation": 99, "status": "DELIVERED", "fulfillmentStatus": "delivered", "timeline": [],
    "role": "admin", "isAdmin": True, "admin": True, "groups": ["admin"], "cognito:groups": ["admin"],
    "disabled": True, "emailVerified": True, "email_verified": True, "mfaEnabled": True, "mfa": None, "kind": "system",
    "passwordHash": "x", "password_hash": "x", "hash": "x", "hint": "x", "key": "sw_x", "scopes": ["metrics"],
    "email": "x@example.com", "name": "Forged", "price": 1, "pricePerUnit": 1, "unitPrice": 1, "price_cents": 1,
    "total": 1, "totalAmount": 1, "currency": "XXX", "discount": 100, "availableStock": 9999, "reservedStock": 0,
    "totalStock": 9999, "available": 9999, "reserved": 0, "stock": 9999, "balanceAfter": 9999, "locations": {},
    "movements": [], "draws": {"default": 9999}, "returned": 0, "isLowStock": False, "deletedId": "x", "gen": 99,
    "ttl": 1, "pk": "x", "sk": "x", "expect": 0, "__proto__": {"role": "admin"}, "constructor": {"role": "admin"},
}  # fmt: skip
"""Everything that answers or records hold and only the shop may say, under each name somebody might try."""


def known(wanted: Any) -> set[str]:
    """The fields that a body of that type may have, at any depth."""
    return set(re.findall(r'"(\w+)":', json.dumps(_properties(wanted))))


def _properties(wanted: Any) -> Any:
    import msgspec

    if wanted is None:
        return {}
    _, parts = msgspec.json.schema_components([wanted])
    return {name: None for schema in parts.values() for name in schema.get("properties", {})}


def forged(body: Any, wanted: Any) -> Any:
    """The body with every field of the server's that its type does not know, at every depth."""
    if isinstance(body, bytes):
        return body
    extra = {name: value for name, value in SERVER_OWNED.items() if name not in known(wanted)}
    given = {
        name: [{**extra, **each} if isinstance(each, dict) else each for each in value]
        if isinstance(value, list)
        else value
        for name, value in (body or {}).items()
    }
    return {**extra, **given}


PRODUCT = {"currency", "name", "price", "status"}
TAKEN = {
    ("POST", "/signup"): {"email", "name"}, ("POST", "/users"): {"email", "name"},
    ("POST", "/blocked-addresses"): {"email"},
    ("POST", "/signup/confirm"): {"email"}, ("POST", "/signup/resend"): {"email"}, ("POST", "/signin"): {"email"},
    ("POST", "/users/login"): {"email"}, ("POST", "/auth/login"): {"email"}, ("POST", "/password/forgot"): {"email"},
    ("POST", "/password/reset"): {"email"}, ("POST", "/setup"): {"email", "name"}, ("PATCH", "/users/me"): {"name"},
    ("PATCH", "/users/{id}"): {"disabled", "mfa", "name", "role"}, ("POST", "/api-keys"): {"name", "scopes"},
    ("POST", "/products"): PRODUCT, ("PUT", "/products/{id}"): PRODUCT, ("PATCH", "/products/{id}"): PRODUCT,
    ("POST", "/products/{id}/variants"): {"price"}, ("PATCH", "/products/{id}/variants/{variantId}"): {"price"},
    ("POST", "/products/{id}/variants/spread"): {"locations", "name", "price"},
    ("PATCH", "/settings"): {"currency"},
    ("POST", "/shipping-methods"): {"currency", "name", "price"},
    ("PATCH", "/shipping-methods/{id}"): {"currency", "name", "price"},
    ("POST", "/categories"): {"name"}, ("PATCH", "/categories/{name}"): {"name"},
    ("POST", "/locations"): {"id", "name"}, ("PATCH", "/locations/{id}"): {"name"},
    ("POST", "/inventory/counts"): {"name"},
    ("POST", "/inventory/product/{productId}/reserve"): {"orderId"}, ("POST", "/reservations"): {"orderId"},
    ("POST", "/orders"): {"discount", "email", "id", "name"}, ("PATCH", "/orders/{id}"): {"name"},
    ("POST", "/users/me/addresses"): {"name"}, ("PATCH", "/users/me/addresses/{id}"): {"name"},
    ("POST", "/orders/{id}/returns"): {"id"}, ("POST", "/sales"): {"id"},
}  # fmt: skip
"""What of that a body may say all the same: one's own address and name, an admin's own business, ids of products."""


def test_bodies_accept_no_server_controlled_fields_but_the_listed_ones() -> None:
    taken = {
        (route.method, route.path): known(route.body) & SERVER_OWNED.keys()
        for route in ROUTES
        if (route.method, route.path) in GOOD
    }
    assert {route: names for route, names in taken.items() if names} == TAKEN


@pytest.mark.parametrize(("method", "path"), GOOD, ids=lambda text: text)
async def test_server_controlled_fields_in_a_body_have_no_effect(
    scene: Scene, twin: Scene, method: str, path: str, clock: Clock
) -> None:
    route = next(route for route in ROUTES if (route.method, route.path) == (method, path))
    ask, other = await scene.ask(method, path), await twin.ask(method, path)
    other.body = forged(other.body, route.body)
    honest, tried = await scene.send(ask), await twin.send(other)

    assert honest.status in {200, 201}
    assert tried.status == honest.status, tried.response.text
    assert masked(json.dumps(tried.data)) == masked(json.dumps(honest.data))
    assert twin.stored() == scene.stored()
