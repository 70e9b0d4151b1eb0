"""The workflows: what every branch is checked by; nothing goes to prod unasked, what waits there holds up nothing."""

from __future__ import annotations

import re
import runpy
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.needs import ROOT


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8"))
    return found


def deployment() -> dict[str, Any]:
    return workflow("deploy")


def commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_every_branch_is_checked_by_all_that_make_has() -> None:
    found = workflow("test")
    # YAML reads the key `on` as true.
    assert found[True]["push"] == {"branches": ["**"]}
    assert "pull_request" in found[True]
    ran = {name: commands(job) for name, job in found["jobs"].items()}
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for job, target in {
        "test": "test", "coverage": "coverage", "dependencies": "audit-deps", "template": "setup-tools",
    }.items():  # fmt: skip
        assert f"make {target}" in ran[job]
        assert f"\n{target}:" in targets
    assert "docker build -f Containerfile" in ran["image"]
    assert "release/template-diff" in ran["template"]


def test_each_action_is_pinned_by_its_commit() -> None:
    for name in ("test", "deploy"):
        for job in workflow(name)["jobs"].values():
            for step in job["steps"]:
                if "uses" in step:
                    assert re.fullmatch(r"[a-z-]+/[a-z-]+@[0-9a-f]{40}", step["uses"]), step["uses"]


def test_each_stage_is_tried_after_its_deployment_and_a_notice_goes_out_in_any_case() -> None:
    for stage in ("dev", "prod"):
        steps = deployment()["jobs"][stage]["steps"]
        ran = [step.get("run", "").split(" STAGE")[0] for step in steps]
        assert ran.index("make smoke") == ran.index("make deploy") + 1
        assert "SMOKE_SKU" in steps[ran.index("make smoke")]["env"]
        assert steps[-1]["if"] == "always()"
        assert steps[-1]["run"].startswith("aws sns publish")


def test_dependencies_of_every_kind_are_updated() -> None:
    found = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))
    kinds = {each["package-ecosystem"]: each.get("directories", [each.get("directory")]) for each in found["updates"]}
    assert kinds == {"pip": ["/"], "npm": ["/web", "/tests/aws"], "github-actions": ["/"], "docker": ["/"]}


def test_a_template_diff_names_what_changes_and_marks_what_holds_data() -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST"}}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Threshold": 5, "Period": 60}}
    changed = {**alarm, "Properties": {"Threshold": 0, "Period": 60}, "DependsOn": ["Topic"]}
    topic = {"Type": "AWS::SNS::Topic"}
    compare = runpy.run_path(str(ROOT / "release/template_diff.py"))["compare"]
    found = list(compare({"Table": table, "Alarm": alarm}, {"Alarm": changed, "Topic": topic}))
    assert found == [
        "- changed: `Alarm` (AWS::CloudWatch::Alarm): Threshold, DependsOn",
        "- removed: `Table` (AWS::DynamoDB::Table) **holds data**",
        "- new: `Topic` (AWS::SNS::Topic)",
    ]


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
