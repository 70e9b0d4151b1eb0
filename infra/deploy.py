"""Deploys a synthesised template with the SDK alone, as `cdk deploy` does: first the assets, then the stack.

For MiniStack, whose template differs in this. It has no CodeDeploy: the releases are left out, and every
new version takes all traffic at once. It knows no alarm on a sum of metrics: that is left out too. It
speaks no TLS here: the policies that refuse everything else are left out. A secret's `Ref` is its name
there, not its ARN. And where policies hold, it asks whether a role may send mails at all (`*`), and
does not say as whom.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

Client = Callable[[str], Any]
"""Makes the SDK's client of a service."""

ABSENT: Final = ("AWS::CodeDeploy::",)
"""What MiniStack does not have."""
WITHOUT_TLS: Final = {"Bool": {"aws:SecureTransport": "false"}}
BOOTSTRAP: Final = "/cdk-bootstrap/hnb659fds/version"
POLL_SECONDS: Final = 1
DEPLOY_SECONDS: Final = 300


class DeployFailed(Exception):
    """The stack did not come up; the message names the resource and the reason."""


def deploy(client: Client, out: Path, stack: str, account: str, region: str) -> dict[str, str]:
    """Deploy a stack of a synthesised assembly; returns its outputs."""
    s3, bucket = client("s3"), f"cdk-hnb659fds-assets-{account}-{region}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    assets = json.loads((out / f"{stack}.assets.json").read_text(encoding="utf-8"))["files"]
    for hash_, asset in assets.items():
        if asset["source"]["packaging"] == "zip":
            s3.put_object(Bucket=bucket, Key=f"{hash_}.zip", Body=zipped(out / asset["source"]["path"]))
    client("ssm").put_parameter(Name=BOOTSTRAP, Type="String", Value="21", Overwrite=True)
    template = for_ministack(json.loads((out / f"{stack}.template.json").read_text(encoding="utf-8")))
    # Longer than what CloudFormation takes in a request.
    s3.put_object(Bucket=bucket, Key=f"{stack}.json", Body=json.dumps(template).encode())
    cloudformation = client("cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateURL=f"{s3.meta.endpoint_url}/{bucket}/{stack}.json",
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=stack, WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": DEPLOY_SECONDS // POLL_SECONDS}
        )
    except Exception as fault:
        raise DeployFailed(_why(cloudformation, stack)) from fault
    [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}


def zipped(folder: Path) -> bytes:
    """Zip a folder, with each file's time the same: the same folder is the same zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                found = zipfile.ZipInfo(str(file.relative_to(folder)), (1980, 1, 1, 0, 0, 0))
                found.external_attr = 0o644 << 16
                archive.writestr(found, file.read_bytes(), zipfile.ZIP_DEFLATED, 1)
    return made.getvalue()


def for_ministack(template: dict[str, Any]) -> dict[str, Any]:
    """Write a template as MiniStack understands it."""
    kept = {
        name: {key: value for key, value in each.items() if key != "UpdatePolicy"}
        for name, each in template["Resources"].items()
        if not _is_absent(each)
    }
    secrets = {name for name, each in kept.items() if each["Type"] == "AWS::SecretsManager::Secret"}
    written: dict[str, Any] = _rewritten({**template, "Resources": kept}, secrets)
    return written


def _is_absent(resource: dict[str, Any]) -> bool:
    # An alarm on a sum of metrics has `Metrics`.
    return resource["Type"].startswith(ABSENT) or "Metrics" in resource.get("Properties", {})


def _rewritten(expected: Any, secrets: set[str]) -> Any:
    if isinstance(expected, list):
        return [_rewritten(each, secrets) for each in expected if not _is_about_tls(each)]
    if not isinstance(expected, dict):
        return expected
    if expected.get("Ref") in secrets:
        return {"Fn::GetAtt": [expected["Ref"], "Id"]}
    if expected.get("Action") == "ses:SendEmail":
        return {"Effect": expected["Effect"], "Action": expected["Action"], "Resource": "*"}
    return {name: _rewritten(each, secrets) for name, each in expected.items()}


def _is_about_tls(expected: Any) -> bool:
    return isinstance(expected, dict) and expected.get("Condition") == WITHOUT_TLS


def _why(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"].endswith("_FAILED")]
    return "; ".join(f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason', '')}" for each in failed[:3])
