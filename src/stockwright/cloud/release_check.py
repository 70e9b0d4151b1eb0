"""The check of a release: CodeDeploy calls it when a version of the API is there, before any traffic goes to it.

It tries the new version by calling it, and reports whether that passed; a release that fails takes no traffic.
"""

from __future__ import annotations

import json
from typing import Any, Final

from stockwright.adapters import aws
from stockwright.adapters.secrets import load_from_manager, load_versions_from_manager
from stockwright.base.errors import Misconfigured
from stockwright.cloud.origin import ADDRESS_HEADER, SECRET_HEADER
from stockwright.cloud.runtime import Event, Function
from stockwright.cloud.trial import TrialFailed, buyer_of, try_shop
from stockwright.store.aws_client import make_client

_function = Function("release-check", with_shop=False)
INVOKE_SECONDS: Final = 40
"""A version that starts cold reads its secrets and connects first."""
_lambda = make_client("lambda", connect_seconds=3, read_seconds=INVOKE_SECONDS, attempts=1, connections=1)
_version: Final = _function.settings.trial_function
if _version is None:
    raise Misconfigured("STOCKWRIGHT_TRIAL_FUNCTION is not set")
_origin_id: Final = _function.settings.origin_secret_id
_origin: Final = "" if _origin_id is None else load_versions_from_manager(_origin_id)[0]
_secret_id: Final = _function.settings.trial_secret_id
_buyer = None if _secret_id is None else buyer_of(load_from_manager(_secret_id))


def handler(event: Event, context: Any) -> dict[str, str]:
    """Try the version, and report "Succeeded" or "Failed" for the deployment that waits."""
    _function.begin(context)
    try:
        seen = try_shop(_ask, _buyer)
    except Exception as wrong:
        _function.log.exception("the release does not work", version=_version, error=f"{type(wrong).__name__}: {wrong}")
        status = "Failed"
    else:
        _function.log.info("the release works", version=_version, seen=seen)
        status = "Succeeded"
    aws.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status=status,
    )
    return {"status": status}


def _ask(method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
    """Call the version as the HTTP API does."""
    answer = _lambda.invoke(FunctionName=_version, Payload=json.dumps(request(method, path, body, token)).encode())
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise TrialFailed(f"the function itself fails: {payload.get('errorType')}: {payload.get('errorMessage')}")
    return payload["statusCode"], json.loads(payload["body"]) if payload.get("body") else None


def request(method: str, path: str, body: Any, token: str) -> dict[str, Any]:
    """Write a request as an HTTP API hands it to its function (payload format 2.0)."""
    path, _, query = path.partition("?")
    headers = {"host": "release-check", SECRET_HEADER: _origin, ADDRESS_HEADER: "127.0.0.1"}
    headers |= {"authorization": f"Bearer {token}"} if token else {}
    headers |= {} if body is None else {"content-type": "application/json"}
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "trial"}
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {"http": http, "requestId": "release-check", "stage": "$default"},
        "isBase64Encoded": False,
    }
    return event if body is None else {**event, "body": json.dumps(body)}
