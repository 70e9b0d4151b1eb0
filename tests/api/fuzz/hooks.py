"""Checks of ours that Schemathesis runs besides its own: rules that hold for every answer."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, HookContext
from schemathesis.core.transport import Response

OF_THE_INSIDE = ("$argon2", "PRIVATE KEY", "Traceback", 'File "', "sqlite", "msgspec", "object at 0x")


@schemathesis.hook
def filter_query(_: HookContext, query: dict[str, Any] | None) -> bool:
    """Leave out what is wrong only before it is written down: in a query an object or [""] may become a blank value."""
    return not any(isinstance(value, dict) or value in ([], [""], [None]) for value in (query or {}).values())


@schemathesis.check
def a_refusal_of_what_the_schema_allows_names_its_fields(_: CheckContext, response: Response, case: Case) -> None:
    """A rule that the schema does not contain must be named by the answer."""
    generated = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if generated and response.status_code == 400:
        assert response.json()["error"].get("details"), response.text


@schemathesis.check
def no_answer_reveals_internals(_: CheckContext, response: Response, case: Case) -> None:
    """Neither a hash nor a key, nor where in our code something happened."""
    if case.operation.path not in {"/api/docs/spec", "/api/metrics"}:
        assert [word for word in OF_THE_INSIDE if word in response.text] == []
