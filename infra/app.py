"""The CDK application: for each stage a stack, and one for its firewall (`make synth`, `make deploy`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from aws_cdk import App, Environment

from infra.firewall import Firewall
from infra.package import BUILD
from infra.review import review
from infra.stack import Stockwright
from infra.stages import Stage, load_stages

FLAGS: Final = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
    "@aws-cdk/core:target-partitions": ["aws"],
}


def synthesize(code: Path = BUILD / "lambda", out: Path | None = None, *stages: Stage) -> Path:
    """Write the templates of these stages (or of all), and have them reviewed; returns the folder."""
    app = App(
        outdir=None if out is None else str(out),
        context=FLAGS,
        # Where each resource was made in Python takes half of the time, and helps little.
        stack_traces=False,
        tree_metadata=False,
        analytics_reporting=False,
    )
    account = os.environ.get("CDK_DEFAULT_ACCOUNT")
    place = Environment(account=account, region=os.environ.get("CDK_DEFAULT_REGION"))
    wanted = stages or tuple(load_stages().values())
    review(app, [Stockwright(app, stage, code, place) for stage in wanted])
    for stage in wanted:
        if stage.firewall:
            Firewall(app, stage, account)
    return Path(app.synth().directory)


def main(arguments: list[str]) -> None:
    """Write what the CDK's command line asks for, or one stage: its name, the functions' folder, where to."""
    if not arguments:
        synthesize()
        return
    stage, code, out = arguments
    synthesize(Path(code), Path(out), load_stages()[stage])


if __name__ == "__main__":
    main(sys.argv[1:])
