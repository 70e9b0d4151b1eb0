"""OpenAPI 3.1 from the route table: what the document says is what the edge does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

import stockwright
from stockwright.http.envelope import STATUS
from stockwright.http.route import NoQuery, Route

ENVELOPE_META: Final = {
    "type": "object",
    "required": ["requestId", "timestamp"],
    "properties": {"requestId": {"type": "string"}, "timestamp": {"type": "string", "format": "date-time"}},
}
ERROR: Final = {
    "type": "object",
    "required": ["success", "error", "meta"],
    "properties": {
        "success": {"const": False},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "enum": sorted(STATUS)},
                "message": {"type": "string"},
                "details": {},
            },
        },
        "meta": {"$ref": "#/components/schemas/Meta"},
    },
}
_HEADERS: Final = {
    "X-Request-Id": {
        "schema": {"type": "string"},
        "description": "The id of the request: the one that was sent, or a generated one",
    },
    "ETag": {"schema": {"type": "string"}, "description": "The version, for If-Match and If-None-Match"},
}
_PARAMETERS: Final = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        "description": "A repeated request with the same key has no second effect and "
        "gets the same answer, for at least 24 hours",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": "Make the change only if this is still the current ETag; otherwise 412",
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": "Answer 304 without a body if this is still the current ETag",
    },
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "schema": {"type": "string"},
        "description": "An id for the request, which is returned and logged: 1 to 128 characters of "
        "`A-Z a-z 0-9 . _ : / + = -`; instead of any other one is made",
    },
}


def document(routes: Iterable[Route], examples: Mapping[type, Any]) -> dict[str, Any]:
    """Write the document; `examples` has one for each type of a body."""
    table = list(routes)
    types = [
        each
        for route in table
        for each in (route.body, route.query, route.answer, *route.also.values())
        if each not in {None, NoQuery}
    ]
    shown, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schemas = dict(zip(map(id, types), shown, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(route.full_path, {})[route.method.lower()] = _operation(route, schemas, components, examples)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stockwright",
            "version": stockwright.__version__,
            "description": "Stock, reservations, orders and sales that never oversell.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in table)],
        "paths": paths,
        "components": {
            "schemas": {**components, "Meta": ENVELOPE_META, "Error": ERROR},
            "parameters": _PARAMETERS,
            "securitySchemes": {
                "idToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "Authorization"},
            },
        },
    }


def _operation(
    route: Route, schemas: dict[int, Any], components: dict[str, Any], examples: Mapping[type, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": _parameters(route, schemas, components),
        "responses": _responses(route, schemas, components),
        "security": _security(route),
    }
    if route.description:
        operation["description"] = route.description
    if route.body is not None:
        operation["requestBody"] = {
            "required": bool(_struct(schemas[id(route.body)], components).get("required")),
            "content": {"application/json": _with_example(examples.get(route.body), schemas[id(route.body)])},
        }
    if route.raw:
        content: dict[str, Any] = {
            each: {"schema": {"type": "string", "format": "binary"}} for each in route.media_types
        }
        content |= {
            each: _with_example(examples.get(fields), schemas[id(fields)]) for each, fields in route.also.items()
        }
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _with_example(example: Any, schema: dict[str, Any]) -> dict[str, Any]:
    return {"schema": schema} if example is None else {"schema": schema, "example": example}


def _parameters(route: Route, schemas: dict[int, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 128}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.query is not NoQuery:
        query = _struct(schemas[id(route.query)], components)
        parameters += [
            {"name": name, "in": "query", "required": name in query.get("required", []), "schema": _or_blank(schema)}
            for name, schema in query["properties"].items()
        ]
    parameters.append({"$ref": "#/components/parameters/RequestId"})
    if route.takes_key:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if STATUS["VERSION_CONFLICT"] in route.errors:
        parameters.append({"$ref": "#/components/parameters/IfMatch"})
    if _may_be_unchanged(route):
        parameters.append({"$ref": "#/components/parameters/IfNoneMatch"})
    return parameters


def _may_be_unchanged(route: Route) -> bool:
    """Return what is of one thing, which has a version: the ETag that 304 answers to."""
    return route.method == "GET" and "{" in route.path


def _or_blank(schema: dict[str, Any]) -> dict[str, Any]:
    """Say that a field left blank counts as not given, where the rest of its schema would not let it be blank."""
    kinds = schema.get("anyOf", [schema])
    if any(
        kind.get("type") == "string" and not {"format", "minLength", "enum", "pattern"} & kind.keys() for kind in kinds
    ):
        return schema
    common = {name: value for name, value in schema.items() if name in {"description", "default"}}
    kinds = [{name: value for name, value in kind.items() if name != "default"} for kind in kinds]
    return {**common, "anyOf": [*kinds, {"const": ""}]}


def _responses(route: Route, schemas: dict[int, Any], components: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done", "headers": _HEADERS}
    if route.answer is not None:
        good["content"] = {"application/json": {"schema": _enveloped(schemas[id(route.answer)], route, components)}}
    else:
        good["content"] = {route.content_type: {"schema": {}}}
    statuses = {*route.errors, 429, 503, 500}
    if not route.any_query:
        statuses.add(400)
    if route.changes and not route.takes_key:
        statuses |= {400, 413}
    if route.takes_key:
        # The Idempotency-Key's own: malformed, in flight, used for another request; and a body too large.
        statuses |= {400, 409, 413, 422}
    if "{" in route.path:
        statuses.add(404)
    if route.who != "public":
        # An API key opens what it has a scope for, and no more.
        statuses |= {401, 403}
    responses = {str(route.status): good}
    if _may_be_unchanged(route):
        responses["304"] = {
            "description": "Not modified: the ETag is still the one in If-None-Match",
            "headers": _HEADERS,
        }
    for status in sorted(statuses):
        responses[str(status)] = {
            "description": ", ".join(code for code, of in STATUS.items() if of == status),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
    return responses


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.who == "public":
        return []
    scopes: list[str] = sorted(route.scopes)
    return [{"idToken": []}, *([{"apiKey": scopes}] if scopes else [])]


def _enveloped(data: Any, route: Route, components: dict[str, Any]) -> dict[str, Any]:
    beside = {name: _struct(data, components)["properties"][name] for name in route.at_top}
    return {
        "type": "object",
        "required": ["success", "data", *beside, "meta"],
        "properties": {
            "success": {"const": True},
            "data": data,
            **beside,
            "meta": {"$ref": "#/components/schemas/Meta"},
        },
    }


def _struct(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    name = schema["$ref"].rsplit("/", 1)[-1]
    found: dict[str, Any] = components[name]
    return found
