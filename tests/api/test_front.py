"""Which part answers an address (the API, the web app or none), and what each kind of client gets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from stockwright.http import pages
from tests.needs import ROOT

pytestmark = pytest.mark.one_engine

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW")
PERSON = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = {"accept": "*/*"}
PAGE = "<title>The web app</title>"
ROUTES_FILE = ROOT / "web/src/routes.tsx"


@pytest.fixture(autouse=True)
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A web app that is built."""
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "favicon.svg").write_text("<svg/>")
    monkeypatch.setattr(pages, "WEB", folder)
    return


def is_not_found(response: httpx2.Response, method: str = "GET") -> bool:
    body = response.json() if method != "HEAD" else {"success": False, "error": {"code": "NOT_FOUND"}, "meta": 1}
    assert body.keys() == {"success", "error", "meta"}
    return response.status_code == 404 and body["error"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/none", "/api/products/a/b/c", "/api/docs/none", "/api/docs/assets/none.js"]
)
async def test_an_unknown_path_below_api_is_404_in_the_envelope(
    http: httpx2.AsyncClient, method: str, path: str
) -> None:
    for headers in (PERSON, SCRIPT):
        assert is_not_found(await http.request(method, path, headers=headers), method)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
async def test_health_at_the_root_answers_like_the_health_of_the_api(http: httpx2.AsyncClient, method: str) -> None:
    for headers in (PERSON, SCRIPT):
        root, api = [await http.request(method, f"{at}/health?probe=7", headers=headers) for at in ("", "/api")]
        assert root.status_code == api.status_code == {"OPTIONS": 204, "POST": 405}.get(method, 200)
        assert root.headers.get("content-type") == api.headers.get("content-type")
        if method == "GET":
            assert root.json().keys() == api.json().keys() >= {"status", "service", "timestamp", "success"}


@pytest.mark.parametrize(
    ("path", "target"), [("/openapi.json", "/api/docs/spec"), ("/docs", "/api/docs"), ("/docs/", "/api/docs")]
)
async def test_common_paths_of_other_services_redirect_to_ours(
    http: httpx2.AsyncClient, path: str, target: str
) -> None:
    for headers in (PERSON, SCRIPT):
        moved = await http.get(path, headers=headers)
        assert (moved.status_code, moved.headers["location"]) == (307, target)
    assert (await http.get(target)).status_code in {200, 503}


def own_pages() -> list[str]:
    """The paths of the web app's routes, each with something in its variable parts."""
    found = re.findall(r'path: "([^"]+)"', ROUTES_FILE.read_text())
    return ["/", *("/" + re.sub(r":\w+|\*", "x.y", path) for path in found if path != "*")]


@pytest.mark.parametrize("path", own_pages())
async def test_a_browser_is_shown_each_of_the_apps_pages(http: httpx2.AsyncClient, path: str) -> None:
    for shown in (await http.get(path, headers=PERSON), await http.get(f"{path}?a=1", headers=PERSON)):
        assert (shown.status_code, shown.text) == (200, PAGE)
    if path != "/":
        assert is_not_found(await http.get(path, headers=SCRIPT))
        assert is_not_found(await http.get(path, headers={"accept": "application/json"}))
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert is_not_found(await http.request(method, path, headers=PERSON))


def test_every_page_of_the_web_app_is_tested_here() -> None:
    assert len(own_pages()) > 10


@pytest.mark.parametrize("path", ["/none", "/products/a/b", "/signup/none", "/adminx", "/healthz", "/orders/a/b/"])
async def test_an_unknown_page_is_shown_as_not_found(http: httpx2.AsyncClient, path: str) -> None:
    """A person reads the app's own words, with a status that machines understand."""
    shown = await http.get(path, headers=PERSON)
    assert (shown.status_code, shown.text) == (404, PAGE)
    assert is_not_found(await http.get(path, headers=SCRIPT))


@pytest.mark.parametrize(
    "path", ["/robots.txt", "/favicon.ico", "/wp-login.php", "/assets/none.js", "/.env", "/a/b.css"]
)
async def test_a_file_that_does_not_exist_is_not_found_for_everybody(http: httpx2.AsyncClient, path: str) -> None:
    for headers in (PERSON, SCRIPT):
        assert is_not_found(await http.get(path, headers=headers))


async def test_a_file_of_the_app_is_served_to_everybody(http: httpx2.AsyncClient) -> None:
    for headers in (PERSON, SCRIPT):
        assert (await http.get("/favicon.svg", headers=headers)).text == "<svg/>"
    assert (await http.get("/", headers=SCRIPT)).text == PAGE
