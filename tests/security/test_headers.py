"""Every answer of every route carries the headers that keep it where it belongs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from stockwright.asgi import build_asgi
from stockwright.http.pages import WEB
from stockwright.http.route import Route
from stockwright.routes import ROUTES
from tests.api.conftest import asking
from tests.api.scene import ADMIN, Scene
from tests.needs import missing

GOOD, EVIL = (
    "https://shop.example",
    ("https://evil.example", "null", "http://shop.example", "https://shop.example.evil"),
)
FINITE = [route for route in ROUTES if not route.path.endswith("/stream")]
PAGES = ("/", "/login", "/admin/anything", "/api/docs", "/api/docs/assets/start.js", "/api/docs/assets/swagger/nothing")


@pytest.fixture
async def https(scene: Scene) -> AsyncIterator[httpx2.AsyncClient]:
    """The scene's shop, as people reach it by https and from one other origin."""
    scene.app.settings = scene.app.settings.changed(public_url=GOOD, cors_origins=(GOOD,))
    async with asking(build_asgi(scene.app)) as http:
        http.headers["authorization"] = scene.clients[ADMIN].authorization or ""
        yield http


async def asked(http: httpx2.AsyncClient, route: Route, **headers: str) -> httpx2.Response:
    path = re.sub(r"{\w+}", "none", route.full_path)
    return await http.request(route.method, path, json={} if route.changes else None, headers=headers)


def held(response: httpx2.Response) -> None:
    """What every answer carries, whatever it says."""
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self'" in policy or "default-src 'none'" in policy
    assert re.fullmatch(r"max-age=(\d{8,})", headers["strict-transport-security"])
    # Nothing here signs in by cookie, so that no other site can make a browser act for somebody.
    assert "set-cookie" not in headers
    assert "access-control-allow-credentials" not in headers
    # Nor does an answer name the software behind it.
    assert headers.keys().isdisjoint({"server", "x-powered-by"})


async def test_answers_and_refusals_of_every_route_have_the_security_headers(https: httpx2.AsyncClient) -> None:
    for route in FINITE:
        for response in (await asked(https, route), await asked(https, route, authorization="Bearer x")):
            held(response)
            public = route.who == "public" and route.full_path in {"/api/docs/spec", "/.well-known/jwks.json"}
            cache_control = response.headers["cache-control"]
            cached = public and cache_control.startswith("public, max-age=")
            assert cached or cache_control in {"no-store", "private, no-cache"}


async def test_private_answers_are_not_cached_by_proxies(scene: Scene, https: httpx2.AsyncClient) -> None:
    for path in (f"/api/orders/{scene.ids['placed']}", "/api/users/me", f"/api/products/{scene.ids['product']}"):
        response = await https.get(path)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "private, no-cache"
        again = await https.get(path, headers={"if-none-match": response.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (304, "private, no-cache")
        held(again)


async def test_malformed_requests_get_the_security_headers_too(https: httpx2.AsyncClient) -> None:
    for response in (
        await https.get("/api/nothing"),
        await https.request("BREW", "/api/orders"),
        await https.post("/api/orders", content=b"x" * 1_100_000),
        await https.post("/api/orders", content=b"{"),
        await https.get("/api/orders?limit=0"),
        await https.options("/api/orders"),
        await https.request("HEAD", "/api/products"),
    ):
        held(response)


async def test_missing_pages_get_the_security_headers_too(https: httpx2.AsyncClient) -> None:
    for response in (
        await https.get("/assets/none.js"),
        await https.get("/api/docs/assets/none.js"),
        await https.post("/"),
        await https.post("/api/docs"),
    ):
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "NOT_FOUND"
        held(response)
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize("page", PAGES)
async def test_pages_run_only_their_own_scripts_and_cannot_be_framed(https: httpx2.AsyncClient, page: str) -> None:
    response = await https.get(page, headers={"accept": "text/html"})
    if response.status_code in {404, 503, 307} and not (WEB / "index.html").is_file():
        missing("the web app is not built: run 'make setup'")
    assert "strict-transport-security" in response.headers
    if response.status_code == 404:
        return
    held(response)
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "object-src 'none'" in policy
    assert "base-uri" in policy
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert "geolocation=()" in response.headers["permissions-policy"]
    assert "microphone=()" in response.headers["permissions-policy"]
    if response.headers["content-type"].startswith("text/html"):
        assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", response.text) == []
        assert re.findall(r"\son\w+=", response.text) == []
        assert re.findall(r"(?:src|href)=\"(?:https?:)?//", response.text) == []


async def test_every_route_lets_the_configured_origin_read_and_no_other(https: httpx2.AsyncClient) -> None:
    for route in FINITE:
        friend = await asked(https, route, origin=GOOD)
        assert friend.headers["access-control-allow-origin"] == GOOD
        assert "Origin" in friend.headers["vary"]
        path = re.sub(r"{\w+}", "none", route.full_path)
        for origin in EVIL:
            stranger = await asked(https, route, origin=origin)
            assert "access-control-allow-origin" not in stranger.headers
            assert "Origin" in stranger.headers["vary"]
            asking_first = {"origin": origin, "access-control-request-method": route.method}
            preflight = await https.options(path, headers=asking_first)
            assert not [name for name in preflight.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2f..%2fapp.py", "/%2e%2e/%2e%2e/app.py", "/assets/..%2f..%2f..%2fapp.py", "/assets/%2e%2e/index.html",
        "/api/docs/assets/..%2f..%2f..%2fapp.py", "/api/docs/assets/swagger/..%2f..%2fdocs%2fstart.js", "//etc/passwd",
        "/%2fetc%2fpasswd", "/assets/%2fetc%2fpasswd", "/..%5c..%5capp.py", "/x%00.html", "/" + "x" * 5000, "/.env",
        "/.git/config", "/stockwright-data/stockwright.db",
    ],
)  # fmt: skip
async def test_no_file_outside_the_web_folder_is_served(https: httpx2.AsyncClient, path: str) -> None:
    response = await https.get(path)
    assert response.status_code in {200, 404}, response.status_code
    assert "ASGI application" not in response.text
    assert "root:" not in response.text
    if response.status_code == 200:
        # The web app answers for every page that it may have.
        assert '<div id="root">' in response.text
