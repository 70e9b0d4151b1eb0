"""How tests ask the API: as somebody, over HTTP, with every answer held to the envelope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx2

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the API; reading `data` or `code` raises with what went wrong in one line instead."""

    response: httpx2.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def headers(self) -> httpx2.Headers:
        return self.response.headers

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = self.response.json()
        return found

    @property
    def data(self) -> Any:
        assert self.status < 300, f"{self.status} {self.response.text}"
        return self.json["data"]

    @property
    def error(self) -> dict[str, Any]:
        assert self.status >= 400, f"{self.status} {self.response.text}"
        body: dict[str, Any] = self.json["error"]
        return body

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code, to be compared in one line."""
        return self.status, self.error["code"]

    @property
    def details(self) -> Any:
        return self.error.get("details")

    @property
    def fields(self) -> set[str]:
        """The fields that a VALIDATION_ERROR names."""
        return {each["field"] for each in self.details}

    @property
    def replayed(self) -> bool:
        return bool(self.headers.get("idempotency-replayed") == "true")


class Client:
    """One client; `await alice.post("/orders", {...})` asks below /api."""

    def __init__(self, http: httpx2.AsyncClient, authorization: str | None = None) -> None:
        self.http = http
        self.authorization = authorization

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        key: str | None = None,
        **query: Any,
    ) -> Answer:
        sent = dict(headers or {})
        if self.authorization is not None:
            sent.setdefault("authorization", self.authorization)
        if key is not None:
            sent["idempotency-key"] = key
        if isinstance(body, bytes):
            body, raw = None, body
            sent.setdefault("content-type", "text/csv")
        if raw is not None:
            sent.setdefault("content-type", "application/json")
        response = await self.http.request(
            method,
            path if path.startswith("/.") else f"/api{path}",
            json=body,
            content=raw,
            headers=sent,
            params=query or None,
        )
        return Answer(held_to_the_envelope(response))

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.ask("POST", path, body, **more)

    async def put(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.ask("PUT", path, body, **more)

    async def patch(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.ask("PATCH", path, body, **more)

    async def delete(self, path: str, **more: Any) -> Answer:
        return await self.ask("DELETE", path, **more)


def held_to_the_envelope(response: httpx2.Response) -> httpx2.Response:
    """Every JSON answer is S2's envelope; every answer bears its request id and the safety headers."""
    assert response.headers["x-request-id"]
    assert response.headers["x-content-type-options"] == "nosniff"
    is_json = response.headers.get("content-type", "").startswith("application/json")
    if not is_json or not response.content or response.url.path == "/api/docs/spec" or "jwks" in response.url.path:
        return response
    body = response.json()
    assert body["meta"]["requestId"] == response.headers["x-request-id"]
    assert INSTANT.fullmatch(body["meta"]["timestamp"])
    assert body["success"] is response.is_success
    if response.is_success:
        assert {"success", "data", "meta"} <= body.keys()
    else:
        assert body.keys() == {"success", "error", "meta"}
        assert {"code", "message"} <= body["error"].keys() <= {"code", "message", "details"}
    return response
