"""Deploys a stage with the CDK's command line: its firewall first, whose ARN the stage's stack is given.

python -m infra.rollout dev [options of cdk deploy] -- the command that is the CDK
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from infra.package import BUILD, ROOT
from infra.stages import Stage, load_stages

OUTPUTS: Final = BUILD / "outputs.json"
"""What CloudFormation returned of the stage's stack."""
FIREWALL: Final = BUILD / "firewall.json"


def roll_out(stage: Stage, cdk: Sequence[str], options: Sequence[str]) -> None:
    """Deploy both stacks; a failure of the CDK ends this with its status."""
    check_ready(stage)
    given: list[str] = []
    if stage.firewall:
        firewall = f"{stage.prefix}-firewall"
        _run([*cdk, "deploy", firewall, "--outputs-file", str(FIREWALL), *options])
        arn = json.loads(FIREWALL.read_text(encoding="utf-8"))[firewall]["AclArn"]
        given = ["--parameters", f"{stage.prefix}:FirewallArn={arn}"]
    _run([*cdk, "deploy", stage.prefix, "--outputs-file", str(OUTPUTS), *given, *options])


def check_ready(stage: Stage) -> None:
    """Refuse to deploy a stage that holds data and that nobody would hear of, or whose mails nobody gets."""
    missing = []
    if stage.keep and stage.sender.endswith("example.com"):
        missing.append("mail_from: an address of yours")
    if stage.keep and not stage.alert_emails:
        missing.append("alert_emails: who is mailed when an alarm goes off")
    if missing:
        raise SystemExit(f"infra/stages.toml, stage {stage.name}, still needs {' and '.join(missing)}.")


def _run(command: Sequence[str]) -> None:
    status = subprocess.run(command, check=False, cwd=ROOT).returncode
    if status:
        raise SystemExit(status)


def main(arguments: Sequence[str]) -> None:
    """Deploy what the command line asks for."""
    split = arguments.index("--")
    name, *options = arguments[:split]
    stages = load_stages()
    if name not in stages:
        raise SystemExit(f"infra/stages.toml has no stage {name}, but {', '.join(stages)}.")
    roll_out(stages[name], arguments[split + 1 :], options)


if __name__ == "__main__":
    main(sys.argv[1:])
