"""What is shipped is what was locked, under licences that we take, and runs where nothing else is."""

from __future__ import annotations

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx2
import jsonschema  # type: ignore[import-untyped]
import pytest

from stockwright import __version__
from tests.e2e.server import free_port
from tests.needs import ROOT, file, missing
from tests.patience import PATIENCE_SECONDS

TAKEN = {"MIT", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "MPL-2.0", "OFL-1.1",
         "MIT-CMU", "any-OSI"}  # fmt: skip
"""Permissive ones; MPL-2.0 binds changes to its own files alone; OFL-1.1 is a font's; any-OSI lets us choose."""
UV = Path(sys.executable).parent / "uv"

bills: dict[str, Any] = runpy.run_path(str(ROOT / "release/sbom.py"))


def test_every_package_at_run_time_has_an_accepted_licence() -> None:
    listed: dict[str, str] = bills["licences"]()
    python = {package["name"] for package in bills["python_packages"]()}
    web = {package["name"]: package["licence"] for package in bills["web_packages"]()}
    assert listed.keys() == python | web.keys()
    assert {name: licence for name, licence in web.items() if listed[name] != licence} == {}
    for name, licence in listed.items():
        parts = set(re.split(r" (?:AND|OR) ", licence.strip("()")))
        assert parts <= TAKEN or (" OR " in licence and parts & TAKEN), (name, licence)


def test_the_licence_list_matches_the_metadata_of_the_packages() -> None:
    said = runpy.run_path(str(ROOT / "release/licences.py"))["page"]()
    assert (ROOT / "docs/licences.md").read_text(encoding="utf-8") == said, "run 'make licences'"


def test_the_bill_of_materials_holds_every_locked_package_and_is_well_formed() -> None:
    import cyclonedx.schema

    bill = bills["bill"](__version__)
    schemas = Path(cyclonedx.schema.__file__).parent / "_res"
    stored = {
        f"http://cyclonedx.org/schema/{name}": json.loads(
            (schemas / name.replace(".schema", ".SNAPSHOT.schema")).read_text()
        )
        for name in ("bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json")
    }
    main = stored["http://cyclonedx.org/schema/bom-1.6.schema.json"]
    from referencing import Registry, Resource

    registry: Any = Registry().with_resources(
        [(uri, Resource.from_contents(schema)) for uri, schema in stored.items()]
        + [
            (uri.replace("schema.json", "SNAPSHOT.schema.json"), Resource.from_contents(schema))
            for uri, schema in stored.items()
        ]
    )
    jsonschema.Draft7Validator(main, registry=registry).validate(bill)

    locked = re.findall(
        r"^([\w.-]+)==([^\s;\\]+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    known = {(each["name"], each["version"]) for each in bill["components"]}
    assert set(locked) <= known
    assert (
        "react",
        json.loads((ROOT / "web/package-lock.json").read_text())["packages"]["node_modules/react"]["version"],
    ) in known
    assert "vite" not in {name for name, _ in known}
    assert all(each.get("licenses") for each in bill["components"])
    refs = {each["ref"] for each in bill["dependencies"]}
    assert {needed for each in bill["dependencies"] for needed in each["dependsOn"]} <= refs
    reached, left = set(), [bill["metadata"]["component"]["bom-ref"]]
    needs = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    while left:
        ref = left.pop()
        if ref not in reached:
            reached.add(ref)
            left += needs[ref]
    assert refs == reached
    assert bills["bill"](__version__) == bill


# ---- the wheel -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `make wheel` builds it."""
    file("src/stockwright/http/static/web/index.html")
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        UV,
        "build",
        "--offline",
        "--wheel",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        folder,
    ]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    [made] = folder.glob("*.whl")
    return made


def test_the_wheel_holds_the_pages_and_its_bill_of_materials_and_no_local_files(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f"stockwright-{__version__}.dist-info"
        bill = json.loads(archive.read(f"{info}/sboms/stockwright.cdx.json"))
    assert bill == bills["bill"](__version__)
    for wanted in (
        "http/static/web/index.html",
        "demo/pictures/PH-AUR-12-320.webp",
        "http/static/swagger/swagger-ui-bundle.js",
        "http/static/docs/index.html",
        "py.typed",
    ):
        assert f"stockwright/{wanted}" in names
    assert f"{info}/licenses/LICENSE" in names
    assert [name for name in names if not name.startswith(("stockwright/", info))] == []
    assert [
        name
        for name in names
        if re.search(r"(^|/)(\.env|tests?|node_modules|__pycache__)(/|$)|\.(db|map|pem|key)$", name)
    ] == []


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in an environment of its own, with the locked packages and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    python = folder / "venv/bin/python"
    install = [UV, "pip", "install", "--quiet", "--offline", "--python", python]
    locked = subprocess.run(
        [*install, "--require-hashes", "--requirement", ROOT / "requirements.txt"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if locked.returncode != 0:
        missing(f"the locked packages are not in uv's cache: {locked.stderr[-300:]}")
    subprocess.run([*install, "--no-deps", wheel], check=True)
    return folder


@pytest.mark.slow
def test_the_wheel_runs_in_an_empty_environment(installed: Path) -> None:
    port = free_port()
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(installed),
        "STOCKWRIGHT_PORT": str(port),
        "STOCKWRIGHT_DATA_DIR": str(installed / "data"),
    }
    command = installed / "venv/bin/stockwright"
    result = subprocess.run([command, "--help"], env=env, cwd=installed, capture_output=True, text=True, check=True)
    assert "serve" in result.stdout

    serving = subprocess.Popen([command, "serve"], env=env, cwd=installed, stderr=subprocess.PIPE, text=True)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as http:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while True:
                try:
                    health = http.get("/api/health")
                    break
                except httpx2.TransportError:
                    assert time.monotonic() < deadline
                    assert serving.poll() is None
                    time.sleep(0.05)
            assert health.json()["status"] == "healthy"
            assert health.json()["data"]["version"] == __version__
            page = http.get("/")
            assert '<div id="root">' in page.text
            for asset in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
                assert http.get(asset).status_code == 200
            assert http.get("/api/docs").status_code == 200
            assert http.get("/api/docs/spec").json()["openapi"] == "3.1.0"
    finally:
        serving.send_signal(signal.SIGINT)
        _, errors = serving.communicate(timeout=PATIENCE_SECONDS)
    assert serving.returncode == 0, errors
    audit = subprocess.run([command, "audit"], env=env, cwd=installed, capture_output=True, text=True, check=False)
    assert audit.returncode == 0, audit.stdout


def test_the_vulnerability_check_reports_services_that_did_not_answer(tmp_path: Path) -> None:
    """What could not be checked is not called clean: nothing here reaches them, so the command must say so."""
    tools = tmp_path / "bin"
    tools.mkdir()
    shell = (ROOT / "release/audit-deps").read_text(encoding="utf-8")
    fake = tmp_path / "checkout"
    (fake / "release").mkdir(parents=True)
    for folder in (".venv/bin", "web", "tests/aws"):
        (fake / folder).mkdir(parents=True)
    (fake / "release/audit-deps").write_text(shell, encoding="utf-8")
    clean = '{"metadata": {"vulnerabilities": {"total": 0}}}'
    for answer, status, npm, code, said in (
        ("ConnectionError: no such host", 1, "", 2, "NOT CHECKED"),
        ("starlette  Dependency not found on PyPI and could not be audited", 0, clean, 2, "NOT CHECKED"),
        ("Found 2 known vulnerabilities in 1 package", 1, clean, 1, "FOUND"),
        ("ConnectionError: no such host", 1, '{"metadata": {"vulnerabilities": {"total": 3}}}', 1, "NOT CHECKED"),
        ("No known vulnerabilities found", 0, clean, 0, "nothing is known"),
    ):
        for path, text in (
            (fake / ".venv/bin/pip-audit", f"echo '{answer}'; exit {status}"),
            (tools / "npm", f"echo '{npm}'"),
        ):
            path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            path.chmod(0o755)
        run = subprocess.run(
            ["/bin/bash", fake / "release/audit-deps"],
            env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert run.returncode == code, run.stdout
        assert said in run.stdout
