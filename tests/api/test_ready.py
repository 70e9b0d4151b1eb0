"""Answers that are ready: the same as those that are made, and gone with what they were made from."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from stockwright.accounts.sign_in import SignIn, sign_in
from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.asgi import Front, build_asgi
from stockwright.context import App
from stockwright.http import ready as ready_answers
from stockwright.http.route import PUBLIC_SECONDS
from stockwright.request import BY_SYSTEM
from stockwright.routes import ROUTES
from tests.api.asking import Client
from tests.api.conftest import PASSWORD, Made
from tests.conftest import VISITOR, Clock

pytestmark = pytest.mark.one_engine

ID = b"x-request-id", b"mine"
CACHED = {
    "/products",
    "/products/{id}",
    "/items",
    "/items/{id}",
    "/categories",
    "/inventory",
    "/inventory/product/{productId}",
    "/inventory/sku/{sku}",
    "/inventory/low-stock",
}


def scope(path: str, *headers: tuple[bytes, bytes], method: str = "GET", query: bytes = b"") -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": f"/api{path}",
        "raw_path": f"/api{path}".encode(),
        "query_string": query,
        "headers": [(b"host", b"shop.test"), ID, *headers],
        "client": ("192.0.2.1", 4711),
        "scheme": "http",
    }


def bearer(client: Client) -> tuple[bytes, bytes]:
    return b"authorization", (client.authorization or "").encode()


async def made_answer(asgi: Any, asked: dict[str, Any]) -> bytes:
    """Have the application make the answer, written as the server writes it."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await asgi({**asked, "extensions": {"stockwright.answer": {}}}, receive, send)
    [answer] = sent
    return bytes(answer["head"] + b"\r\n" + answer["body"])


@pytest.mark.parametrize("role", ["admin", "alice"])
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/products/{id}", b""),
        ("/products", b"limit=20"),
        ("/products", b"search=keyboard"),
        ("/products", b"category=electronics&status=ACTIVE"),
        ("/inventory", b""),
        ("/inventory", b"status=OUT"),
        ("/inventory/product/{id}", b""),
        ("/inventory/sku/KB-001", b""),
        ("/items/{id}", b""),
        ("/items", b""),
        ("/categories", b""),
    ],
)
async def test_a_ready_answer_is_the_made_one_to_the_byte(
    asgi: Front, made: Made, admin: Client, alice: Client, role: str, path: str, query: bytes
) -> None:
    product, client = await made(quantity=0), {"admin": admin, "alice": alice}[role]
    for headers in ((), ((b"if-none-match", f'"{product["version"]}-{product["stockVersion"]}"'.encode()),)):
        asked = scope(path.format(id=product["id"]), bearer(client), *headers, query=query)
        first = await made_answer(asgi, asked)
        assert asgi.ready(asked) == first == await made_answer(asgi, asked)


def test_each_kept_route_is_one_that_was_thought_of() -> None:
    cached = {route.path for route in ROUTES if route.cached}
    assert cached == CACHED
    assert all(route.method == "GET" and not route.at_top and not route.reads_much for route in ROUTES if route.cached)


async def test_shared_caches_may_keep_what_everybody_sees_but_no_answer_to_a_signed_in_request(
    asgi: Front, made: Made, nobody: Client, admin: Client
) -> None:
    product = await made()
    shared = f"public, max-age=0, s-maxage={PUBLIC_SECONDS}"
    paths = [f"/items/{product['id']}", "/items", f"/inventory/product/{product['id']}", "/inventory/sku/KB-001"]
    for path in paths:
        for _ in range(2):
            # Made, and then ready.
            for client, wanted in ((nobody, shared), (admin, "private, no-cache")):
                answer = await client.get(path)
                assert answer.response.headers["cache-control"] == wanted, path
                etag = answer.response.headers["etag"]
                again = await client.get(path, headers={"if-none-match": etag})
                assert (again.status, again.response.headers["cache-control"]) == (304, wanted)
        ready = asgi.ready(scope(path)), asgi.ready(scope(path, bearer(admin)))
        assert [shared.encode() in (each or b"") for each in ready] == [True, False]
    before = (await nobody.get("/items")).response.headers["etag"]
    await admin.patch(paths[0].replace("items", "products"), {"name": "Another name"})
    after = await nobody.get("/items", headers={"if-none-match": before})
    assert (after.status, after.data["items"][0]["title"]) == (200, "Another name")
    missing = await nobody.get("/items/none")
    assert (missing.status, missing.response.headers["cache-control"]) == (404, "no-store")
    others = {route.path for route in ROUTES if route.public_seconds}
    assert others == {"/items", "/items/{id}", "/inventory/product/{productId}", "/inventory/sku/{sku}"}


async def test_what_was_made_ready_for_one_role_is_not_given_to_another(
    asgi: Front, made: Made, admin: Client, alice: Client
) -> None:
    product = await made()
    path = f"/products/{product['id']}"
    await admin.patch(path, {"status": "INACTIVE"})
    assert (await admin.get(path)).status == 200
    assert asgi.ready(scope(path, bearer(admin))) is not None
    assert asgi.ready(scope(path, bearer(alice))) is None
    assert (await alice.get(path)).status == 404
    assert asgi.ready(scope(path)) is None


async def test_a_ready_answer_goes_with_a_change_of_product_stock_list_or_locations(
    asgi: Front, made: Made, admin: Client
) -> None:
    product = await made(quantity=5)
    one, some = f"/products/{product['id']}", "/products"

    async def is_ready(change: Any) -> list[bool]:
        for path in (one, some):
            await admin.get(path)
            assert asgi.ready(scope(path, bearer(admin))) is not None
        assert (await change).status < 300
        return [asgi.ready(scope(path, bearer(admin))) is not None for path in (one, some)]

    assert await is_ready(admin.patch(one, {"name": "Another name"})) == [False, False]
    assert (await admin.get(some)).data["items"][0]["name"] == "Another name"
    assert await is_ready(admin.put("/stock", {"productId": product["id"], "quantity": 3})) == [False, False]
    assert (await admin.get(one)).data["quantity"] == 3
    assert await is_ready(made_another(made)) == [True, False]
    assert (await admin.get(some)).data["count"] == 2
    assert await is_ready(admin.post("/locations", {"id": "north", "name": "North"})) == [False, False]
    assert await is_ready(admin.patch("/locations/north", {"active": False})) == [False, False]
    assert await is_ready(admin.post("/categories", {"name": "toys"})) == [True, True]
    assert await is_ready(admin.delete(one)) == [False, False]
    assert (await admin.get(one)).status == 404


async def made_another(made: Made) -> Any:
    class Done:
        status = 200

    await made()
    return Done


async def test_whom_a_token_identifies_is_forgotten_with_the_account_the_session_and_the_hour(
    app: App, asgi: Front, clock: Clock, admin: Client, made: Made
) -> None:
    path = f"/products/{(await made())['id']}"

    async def begin(name: str) -> tuple[Client, str]:
        account = await add_account(app, BY_SYSTEM, SignUp(f"{name}@example.com", PASSWORD, name), "customer")
        session = await sign_in(app, VISITOR, SignIn(f"{name}@example.com", PASSWORD))
        client = Client(admin.http, f"Bearer {session.id_token}")
        assert (await client.get(path)).status == 200
        assert asgi.ready(scope(path, bearer(client))) is not None
        return client, account.id

    disabled, account_id = await begin("carol")
    await admin.patch(f"/users/{account_id}", {"disabled": True})
    assert asgi.ready(scope(path, bearer(disabled))) is None
    assert (await disabled.get(path)).status == 401

    left, _ = await begin("dave")
    await left.post("/signout")
    assert asgi.ready(scope(path, bearer(left))) is None
    assert (await left.get(path)).status == 401

    late, _ = await begin("erin")
    clock.advance(hours=1)
    assert asgi.ready(scope(path, bearer(late))) is None
    assert (await late.get(path)).status == 401


async def test_an_api_key_is_looked_up_each_time(asgi: Front, made: Made, as_key: Any) -> None:
    product = await made()
    key = await as_key("inventory")
    await key.get(f"/inventory/product/{product['id']}")
    assert (await key.get("/products")).status == 403
    assert asgi.ready(scope("/products", bearer(key))) is None


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
async def test_only_a_get_is_answered_so(asgi: Front, made: Made, admin: Client, method: str) -> None:
    path = f"/products/{(await made())['id']}"
    await admin.get(path)
    assert asgi.ready(scope(path, bearer(admin), method=method)) is None


async def test_a_ready_answer_is_limited_counted_and_logged_as_any_other(app: App, admin: Client, made: Made) -> None:
    app.settings = app.settings.changed(rate_limit=True, cors_origins=("https://shop.example",))
    limited, path = build_asgi(app), f"/products/{(await made())['id']}"
    asked = scope(path, bearer(admin), (b"origin", b"https://shop.example"))
    first = await made_answer(limited, asked)
    with structlog.testing.capture_logs() as logged:
        app.log = structlog.get_logger()
        second = limited.ready(asked)
    assert second is not None
    assert b'ratelimit: "general";r=2999' in first
    assert b'ratelimit: "general";r=2998' in second
    assert b"access-control-allow-origin: https://shop.example" in second
    [line] = logged
    assert {"event": "request", "path": f"/api{path}", "status": 200, "request_id": "mine"}.items() <= line.items()
    for _ in range(2998):
        assert limited.ready(asked) is not None
    assert limited.ready(asked) is None
    assert b"429 Too Many Requests" in await made_answer(limited, asked)


async def test_what_is_ready_has_a_limit(
    asgi: Front, made: Made, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [f"/products/{(await made())['id']}" for _ in range(3)]
    monkeypatch.setattr(ready_answers, "BYTES_MAX", 2 * (ready_answers.ENTRY_BYTES + 1500))
    for path in paths:
        await admin.get(path)
    assert [asgi.ready(scope(path, bearer(admin))) is not None for path in paths] == [False, True, True]
