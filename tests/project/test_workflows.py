"""The workflow that deploys: nothing goes to prod unasked, and what waits there holds up nothing else."""

from __future__ import annotations

from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.needs import ROOT


def deployment() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text(encoding="utf-8"))
    return found


def test_a_workflow_runs_only_where_it_is_switched_on() -> None:
    jobs = deployment()["jobs"]
    assert jobs["package"]["if"].startswith("vars.DEPLOY == 'on' && ")
    # What needs a job that is skipped is skipped too, unless it has a condition of its own.
    assert (jobs["dev"]["needs"], jobs["prod"]["needs"]) == ("package", "dev")
    assert "if" not in jobs["dev"]
    assert "if" not in jobs["prod"]


def test_deployments_of_one_stage_run_one_at_a_time() -> None:
    found = deployment()
    assert "concurrency" not in found
    for stage in ("dev", "prod"):
        assert found["jobs"][stage]["environment"] == stage
        assert found["jobs"][stage]["concurrency"] == {"group": f"deploy-{stage}", "cancel-in-progress": False}
