"""The way of a request: ids, methods, errors, headers, CORS, limits of size and rate."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
import structlog
from msgspec.structs import replace

from stockwright.adapters.tokens import Es256Tokens, make_key
from stockwright.asgi import HOOKS, build_asgi
from stockwright.base import errors
from stockwright.context import App
from stockwright.http.compression import COMPRESSED_BYTES_MIN
from stockwright.http.edge import Edge
from stockwright.http.envelope import STATUS
from stockwright.http.route import Answer, Call, Route
from stockwright.routes import ROUTES
from stockwright.setting_values import EVERY_ORIGIN
from tests.api.asking import Client
from tests.api.conftest import KEYBOARD, PASSWORD, TOKEN_KEY, Made, asking
from tests.patience import PATIENCE_SECONDS

PATHS = sorted({route.full_path for route in ROUTES})
SPEC_STATUS = {
    "VALIDATION_ERROR": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "ALREADY_EXISTS": 409,
    "INSUFFICIENT_STOCK": 409,
    "RESERVATION_NOT_ACTIVE": 409,
    "INVALID_TRANSITION": 409,
    "HOLD_LIMIT": 409,
    "IDEMPOTENCY_IN_PROGRESS": 409,
    "VERSION_CONFLICT": 412,
    "PAYLOAD_TOO_LARGE": 413,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "RATE_LIMITED": 429,
    "ACCOUNT_LOCKED": 429,
    "INTERNAL_ERROR": 500,
    "BUSY": 503,
}
EVERY_ERROR = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, errors.StockwrightError) and each.code in SPEC_STATUS
]


def raising(fault: BaseException) -> Route:
    async def run(_: Call) -> Any:
        raise fault

    return Route("GET", "/broken", run, "Fails", "Test", who="public")


# ---- errors ----------------------------------------------------------------------------------


def test_the_table_of_codes_is_the_documented_one() -> None:
    assert {code: STATUS[code] for code in SPEC_STATUS} == SPEC_STATUS
    assert STATUS.keys() - SPEC_STATUS.keys() == {"METHOD_NOT_ALLOWED", "PRICE_CHANGED"}


@pytest.mark.one_engine
@pytest.mark.parametrize("kind", EVERY_ERROR, ids=lambda kind: kind.__name__)
async def test_each_error_has_its_status(app: App, asgi: Any, kind: type[errors.StockwrightError]) -> None:
    async with asking(Edge(app, [raising(kind())], HOOKS)) as http:
        answer = await Client(http).get("/broken")

    assert answer.refusal == (SPEC_STATUS[kind.code], kind.code)
    assert ("retry-after" in answer.headers) is (answer.status in {429, 503})
    assert ("www-authenticate" in answer.headers) is (answer.status == 401)


async def test_an_internal_error_reveals_nothing_and_is_logged(app: App, asgi: Any) -> None:
    with structlog.testing.capture_logs() as logged:
        app.log = structlog.get_logger()
        async with asking(Edge(app, [raising(RuntimeError("the secret is 42"))], HOOKS)) as http:
            answer = await Client(http).get("/broken", headers={"x-request-id": "mine-1"})

    assert answer.error == {"code": "INTERNAL_ERROR", "message": "Something went wrong"}
    assert answer.status == 500
    fault = next(entry for entry in logged if entry["log_level"] == "error")
    assert fault["request_id"] == "mine-1"
    assert fault["exc_info"]


class Full:
    """A store that has no room for another write."""

    async def commit(self, _: Any) -> None:
        raise errors.Busy


async def test_a_store_that_takes_no_writes_makes_the_service_not_ready(app: App, asgi: Any) -> None:
    full: Any = Full()
    async with asking(build_asgi(replace(app, store=full))) as http:
        ready, live = await Client(http).get("/health/ready"), await Client(http).get("/health/live")

    assert ready.refusal == (503, "BUSY")
    assert ready.details["store"] == "not writable"
    assert live.status == 200


# ---- request ids and the log -----------------------------------------------------------------


@pytest.mark.parametrize("given", ["a", "x" * 128, "01HF-7Y.a_b:c/d+e=f"])
async def test_a_request_id_is_used_as_sent(nobody: Client, given: str) -> None:
    answer = await nobody.get("/health", headers={"x-request-id": given})

    assert answer.headers["x-request-id"] == answer.json["meta"]["requestId"] == given


@pytest.mark.one_engine
@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", '{"a":1}', "a;b", "<script>"])
async def test_an_unsafe_request_id_is_replaced(nobody: Client, given: str) -> None:
    answer = await nobody.get("/health", headers={"x-request-id": given})

    assert answer.headers["x-request-id"].startswith("req_")


async def test_every_request_is_one_line_of_the_log_without_its_secrets(app: App, asgi: Any) -> None:
    with structlog.testing.capture_logs() as logged:
        app.log = structlog.get_logger()
        async with asking(build_asgi(app)) as http:
            await Client(http, "Bearer very-secret").get("/products", search="private")

    line = next(entry for entry in logged if entry["event"] == "request")
    assert {"method": "GET", "path": "/api/products", "status": 401, "actor": "anonymous"}.items() <= line.items()
    assert line["request_id"].startswith("req_")
    assert "very-secret" not in str(logged)


async def test_the_request_id_goes_into_the_ledger_and_the_event(app: App, admin: Client, made: Made) -> None:
    product = await made(quantity=5)

    await admin.put("/stock", {"productId": product["id"], "quantity": 7}, headers={"x-request-id": "count-7"})

    movement = (await admin.get("/inventory/movements")).data["items"][0]
    assert movement["requestId"] == "count-7"
    assert (await app.store.tail(limit=1, reverse=True))[0].request_id == "count-7"


# ---- methods ---------------------------------------------------------------------------------


@pytest.mark.one_engine
@pytest.mark.parametrize("path", PATHS)
async def test_a_wrong_method_gets_405_with_the_allowed_ones(admin: Client, path: str) -> None:
    there = {route.method for route in ROUTES if route.full_path == path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - there:
        response = await admin.http.request(method, path)
        if path == "/api/docs":
            continue
        assert response.status_code == 405, method
        assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
        assert set(response.headers["allow"].split(", ")) == {*there, "OPTIONS"}


async def test_an_unknown_method_gets_405(admin: Client) -> None:
    for method in ("TRACE", "BREW", "PROPFIND"):
        assert (await admin.ask(method, "/products")).status == 405


@pytest.mark.one_engine
@pytest.mark.parametrize("path", ["/nothing", "/products/a/b/c", "/", "/products/", "/PRODUCTS"])
async def test_an_unknown_path_is_404_in_the_envelope(admin: Client, path: str) -> None:
    assert (await admin.get(path)).refusal == (404, "NOT_FOUND")


async def test_head_answers_as_get_without_the_body(admin: Client, made: Made) -> None:
    product = await made()

    for path in ("/health", "/products", f"/products/{product['id']}", "/items", "/products/none", "/docs/spec"):
        get, head = await admin.get(path), await admin.ask("HEAD", path)
        assert head.status == get.status
        assert head.response.content == b""
        for name in ("content-type", "etag"):
            assert head.headers.get(name) == get.headers.get(name)
        assert int(head.headers["content-length"]) > 0


# ---- headers ---------------------------------------------------------------------------------


async def test_every_answer_has_the_security_headers(nobody: Client, admin: Client) -> None:
    for answer in (await nobody.get("/health"), await nobody.get("/none"), await admin.post("/orders", {})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "strict-transport-security" not in answer.headers


async def test_strict_transport_security_is_sent_only_for_https(app: App, asgi: Any) -> None:
    app.settings = app.settings.changed(public_url="https://shop.example")
    async with asking(build_asgi(app)) as http:
        for path in ("/api/health", "/"):
            assert "max-age" in (await http.get(path)).headers["strict-transport-security"]


@pytest.fixture
async def crossing(app: App, asgi: Any) -> AsyncIterator[Client]:
    app.settings = app.settings.changed(cors_origins=("https://shop.example",))
    async with asking(build_asgi(app)) as http:
        yield Client(http)


@pytest.mark.one_engine
@pytest.mark.parametrize("path", [path for path in PATHS if path != "/api/docs"])
async def test_every_route_answers_its_preflight(crossing: Client, path: str) -> None:
    for origin, allowed in (("https://shop.example", True), ("https://evil.example", False)):
        headers = {"origin": origin, "access-control-request-method": "PUT"}
        answer = await crossing.http.request("OPTIONS", path, headers=headers)
        assert answer.status_code == 204
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
        assert answer.headers["vary"] == "Origin"
        if allowed:
            assert {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} <= set(
                answer.headers["access-control-allow-methods"].split(", ")
            )
            assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"} <= set(
                answer.headers["access-control-allow-headers"].split(", ")
            )


@pytest.mark.one_engine
@pytest.mark.parametrize("path", [*(path for path in PATHS if path != "/api/docs"), "/health"])
async def test_every_origin_may_read_if_the_operator_allows_it(app: App, asgi: Any, path: str) -> None:
    app.settings = app.settings.changed(cors_origins=(EVERY_ORIGIN,))
    async with asking(build_asgi(app)) as http:
        headers = {"origin": "https://any.example", "access-control-request-method": "PUT"}
        preflight = await http.request("OPTIONS", path, headers=headers)
        assert preflight.status_code == 204
        assert {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} == set(
            preflight.headers["access-control-allow-methods"].split(", ")
        )
        assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"} <= set(
            preflight.headers["access-control-allow-headers"].split(", ")
        )
        refused = await http.request("PUT", path, headers=headers)
        for answer in (preflight, refused):
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers


async def test_only_the_configured_origin_can_read_answers_and_refusals(crossing: Client) -> None:
    for origin, allowed in (("https://shop.example", True), ("https://evil.example", False), ("null", False)):
        for path in ("/health", "/products", "/none"):
            answer = await crossing.get(path, headers={"origin": origin})
            assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
            assert answer.headers["vary"] == "Origin"


async def test_no_other_origin_may_read_unless_configured(nobody: Client) -> None:
    answer = await nobody.get("/health", headers={"origin": "https://shop.example"})

    assert "access-control-allow-origin" not in answer.headers


# ---- compression -----------------------------------------------------------------------------


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("gzip;q=0, br", False),
        ("gzip; q=0.0", False),
        ("identity", False),
        ("xgzip", False),
        ("", False),
    ],
)
async def test_public_answers_are_compressed_for_clients_that_accept_it(
    nobody: Client, made: Made, accepted: str, *, packed: bool
) -> None:
    for _ in range(5):
        await made()

    answer = await nobody.get("/items", headers={"accept-encoding": accepted})

    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert answer.headers["vary"] == "Accept-Encoding"
    assert len(answer.data["items"]) == 5
    assert (int(answer.headers["content-length"]) < len(answer.response.content)) is packed


async def test_private_answers_are_not_compressed(admin: Client, made: Made) -> None:
    """Its length beside what an attacker sent would reveal what is in it (BREACH)."""
    for _ in range(5):
        await made()

    answer = await admin.get("/products", headers={"accept-encoding": "gzip"})

    assert len(answer.response.content) > COMPRESSED_BYTES_MIN
    assert "content-encoding" not in answer.headers


async def test_a_short_answer_is_not_compressed(nobody: Client) -> None:
    answer = await nobody.get("/items", headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in answer.headers


async def test_a_compressed_answer_varies_by_origin_too(crossing: Client) -> None:
    answer = await crossing.get("/docs/spec", headers={"accept-encoding": "gzip", "origin": "https://shop.example"})

    assert answer.headers["vary"] == "Origin, Accept-Encoding"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json["openapi"].startswith("3.1")


# ---- size ------------------------------------------------------------------------------------


async def test_a_body_of_a_mebibyte_is_read_and_one_more_byte_is_not(admin: Client) -> None:
    start, end = b'{"name": "', b'"}'
    filled = start + b"x" * (1024 * 1024 - len(start) - len(end)) + end

    assert (await admin.post("/categories", raw=filled)).refusal == (400, "VALIDATION_ERROR")
    assert (await admin.post("/categories", raw=filled + b" ")).refusal == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_without_a_length_is_limited_while_it_arrives(admin: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 64 * 1024
            yield b" " * 64 * 1024

    response = await admin.http.post(
        "/api/orders", content=endless(), headers={"authorization": admin.authorization or ""}
    )

    assert response.status_code == 413
    assert sent <= 2 * 1024 * 1024


# ---- rate ------------------------------------------------------------------------------------


@pytest.fixture
async def limited(app: App, asgi: Any) -> Any:
    app.settings = app.settings.changed(rate_limit=True)
    return build_asgi(app)


async def test_answers_show_the_remaining_requests(limited: Any) -> None:
    async with asking(limited) as http:
        first, second = await Client(http).get("/health"), await Client(http).get("/health")

    left = [int(answer.headers["ratelimit"].split("r=")[1].split(";")[0]) for answer in (first, second)]
    assert left[0] - left[1] == 1
    assert ";w=60" in first.headers["ratelimit-policy"]


async def test_anonymous_clients_see_their_remaining_requests_too(limited: Any) -> None:
    async with asking(limited) as http:
        for client in (Client(http), Client(http, "Bearer nonsense")):
            first, second = [await client.get("/products") for _ in range(2)]
            assert first.status == second.status == 401
            left = [int(answer.headers["ratelimit"].split("r=")[1].split(";")[0]) for answer in (first, second)]
            assert left[0] - left[1] == 1
            assert ";w=60" in first.headers["ratelimit-policy"]


async def test_too_many_requests_get_429_with_retry_after_and_others_are_not_delayed(limited: Any) -> None:
    async with asking(limited) as http, asking(limited, "192.0.2.99") as another:
        body = {"email": "nobody@example.com"}
        answers = [await Client(http).post("/password/forgot", body) for _ in range(61)]
        last = answers[-1]
        assert last.refusal == (429, "RATE_LIMITED")
        assert 1 <= int(last.headers["retry-after"]) <= 60
        assert "r=0" in last.headers["ratelimit"]
        assert answers[0].status != 429
        assert (await Client(another).get("/health")).status == 200
        assert (await Client(http).get("/health")).status == 200


@pytest.fixture
async def session(alice: Client, nobody: Client) -> dict[str, Any]:
    found: dict[str, Any] = (await nobody.post("/signin", {"email": "alice@example.com", "password": PASSWORD})).data
    return found


async def _expired(app: App, _: Client, session: dict[str, Any]) -> str:
    claims = jwt.decode(session["idToken"], options={"verify_signature": False})
    now = app.clock.now() // 1000
    return _tokens(app, TOKEN_KEY).sign({**claims, "iat": now - 7200, "exp": now - 3600})


async def _of_another_key(app: App, _: Client, session: dict[str, Any]) -> str:
    claims = jwt.decode(session["idToken"], options={"verify_signature": False})
    return _tokens(app, make_key()).sign(claims)


def _tokens(app: App, key: Any) -> Es256Tokens:
    return Es256Tokens(key, "stockwright", "stockwright-shop", app.clock)


async def _revoked(_: App, admin: Client, __: dict[str, Any]) -> str:
    made = (await admin.post("/api-keys", {"name": "till", "scopes": ["sales"]})).data
    await admin.delete(f"/api-keys/{made['id']}")
    key: str = made["key"]
    return key


async def _of_a_disabled_account(_: App, admin: Client, session: dict[str, Any]) -> str:
    await admin.patch(f"/users/{session['user']['id']}", {"disabled": True})
    token: str = session["idToken"]
    return token


async def _signed_out(app: App, admin: Client, session: dict[str, Any]) -> str:
    await Client(admin.http, session["idToken"]).post("/signout")
    token: str = session["idToken"]
    return token


BAD_CREDENTIALS: dict[str, Any] = {
    "none": None,
    "empty": "",
    "garbage": "garbage",
    "of another scheme": "Basic YTpi",
    "a key with a typing error": "sw_" + "a" * 39,
    "an access token": lambda _, __, session: session["accessToken"],
    "a refresh token": lambda _, __, session: session["refreshToken"],
    "a cut token": lambda _, __, session: session["idToken"][:-4],
    "expired": _expired,
    "of another key": _of_another_key,
    "signed out": _signed_out,
    "of a disabled account": _of_a_disabled_account,
    "a revoked key": _revoked,
}


@pytest.mark.one_engine
@pytest.mark.parametrize("kind", BAD_CREDENTIALS)
async def test_a_bad_credential_counts_against_its_address(
    app: App, admin: Client, session: dict[str, Any], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Else a stranger tries credentials, and has them looked up, without end."""
    credential = BAD_CREDENTIALS[kind]
    if callable(credential):
        credential = credential(app, admin, session)
        credential = await credential if inspect.isawaitable(credential) else credential
    monkeypatch.setattr("stockwright.http.limits.POLICIES", {"general": 3, "sign-in": 3, "sign-in-account": 3})
    app.settings = app.settings.changed(rate_limit=True)
    asgi = build_asgi(app)
    async with asking(asgi) as http, asking(asgi, "192.0.2.99") as another:
        for _ in range(3):
            assert (await Client(http, credential).get("/users/me")).refusal == (401, "UNAUTHORIZED")
        for path in ("/users/me", "/orders", "/inventory/low-stock"):
            assert (await Client(http, credential).get(path)).refusal == (429, "RATE_LIMITED")
        assert (await Client(another, credential).get("/users/me")).refusal == (401, "UNAUTHORIZED")
        assert (await Client(http, admin.authorization).get("/users/me")).status == 200


async def test_forbidden_requests_count_against_the_rate_limit_of_the_caller(
    app: App, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockwright.http.limits.POLICIES", {"general": 3, "sign-in": 3, "sign-in-account": 3})
    app.settings = app.settings.changed(rate_limit=True)
    async with asking(build_asgi(app)) as http:
        found = [(await Client(http, alice.authorization).get("/inventory/low-stock")).status for _ in range(4)]
    assert found == [403, 403, 403, 429]


# ---- what the system says about itself ---------------------------------------------------------


async def test_health_is_answered_in_both_forms(nobody: Client) -> None:
    body = (await nobody.get("/health")).json

    assert body["data"]["status"] == body["status"] == "healthy"
    assert body["data"]["service"] == body["service"]
    assert body["data"]["timestamp"] == body["timestamp"] == body["meta"]["timestamp"]
    assert body["data"]["version"]
    assert (await nobody.get("/health/live")).status == 200
    ready = (await nobody.get("/health/ready")).data
    assert (ready["status"], ready["outboxLag"]) == ("ready", 0)


async def test_metrics_are_for_admins_keys_and_this_machine(asgi: Any, nobody: Client, admin: Client) -> None:
    await nobody.get("/items/none")

    text = (await admin.get("/metrics")).response.text
    assert 'stockwright_requests_total{method="GET",route="/api/items/{id}",status="404"} 1.0' in text
    assert "stockwright_request_seconds_bucket" in text
    assert (await nobody.get("/metrics")).status == 401
    async with asking(asgi, "127.0.0.1") as local:
        here = {"host": "localhost:8000"}
        assert (await Client(local).get("/metrics", headers=here)).status == 200
        rebound = await Client(local).get("/metrics", headers={"host": "evil.example"})
        assert rebound.refusal == (401, "UNAUTHORIZED")
        proxied = await Client(local).get("/metrics", headers={**here, "x-forwarded-for": "203.0.113.5"})
        assert proxied.status == 401


async def test_clients_cannot_create_labels_of_metrics(nobody: Client, admin: Client) -> None:
    for number in range(5):
        await nobody.ask(f"BREW{number}", f"/nothing/{number}")

    text = (await admin.get("/metrics")).response.text

    assert "BREW" not in text
    assert 'stockwright_requests_total{method="OTHER",route="unmatched",status="404"} 5.0' in text


async def test_head_does_not_start_a_stream(app: App, asgi: Any) -> None:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"data: 1\n\n"

    async def run(_: Call) -> Answer:
        return Answer(stream=parts(), content_type="text/event-stream")

    async with asking(Edge(app, [Route("GET", "/stream", run, "Streams", "Test", who="public")], HOOKS)) as http:
        response = await http.request("HEAD", "/api/stream")

    assert (response.status_code, response.content) == (200, b"")


async def test_a_client_that_does_not_read_its_stream_is_disconnected(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockwright.http.streaming.SEND_SECONDS_MAX", 0.01)
    closed = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"data: more\n\n"
        finally:
            closed.set()

    async def run(_: Call) -> Answer:
        return Answer(stream=parts(), content_type="text/event-stream")

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    app.log = structlog.get_logger()
    edge = Edge(app, [Route("GET", "/stream", run, "Streams", "Test", who="public")], HOOKS)
    scope = {"type": "http", "method": "GET", "path": "/api/stream", "query_string": b"", "headers": [], "client": None}
    async with asyncio.timeout(PATIENCE_SECONDS):
        await edge(scope, receive, send)
        await closed.wait()


async def test_the_root_leads_to_the_web_app_or_the_documentation(nobody: Client) -> None:
    response = await nobody.http.get("/")

    assert response.status_code in {200, 307}
    if response.status_code == 307:
        assert response.headers["location"] == "/api/docs"
    else:
        assert response.headers["content-type"].startswith("text/html")
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


async def test_the_documentation_loads_nothing_from_other_servers(nobody: Client) -> None:
    response = await nobody.http.get("/api/docs")

    assert response.status_code in {200, 503}
    assert "http://" not in response.text
    assert "https://" not in response.text


@pytest.mark.one_engine
@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/%2e%2e/%2e%2e/config.py",
        "/assets/../../config.py",
        "/%00",
        "/" + "x" * 5000,
        "/assets/%00",
        "/api/docs/assets/%00",
        "/assets/" + "y" * 5000,
    ],
)
async def test_pages_never_leave_their_folder(nobody: Client, path: str) -> None:
    response = await nobody.http.get(path)

    assert response.status_code < 500
    assert "STOCKWRIGHT_" not in response.text


async def test_the_order_of_headers_in_names_does_not_matter(admin: Client) -> None:
    answer = await admin.post("/products", KEYBOARD, headers={"X-REQUEST-ID": "upper"})

    assert answer.headers["x-request-id"] == "upper"
