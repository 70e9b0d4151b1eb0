"""The image: what the Containerfile takes along is enough to build it, and nothing of this machine comes in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

from stockwright import __version__
from stockwright.config import Settings
from tests.needs import ROOT, file

UV = Path(sys.executable).parent / "uv"
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")


def is_left_out(path: str) -> bool:
    """Whether `.dockerignore` keeps a path of the checkout, or a folder that it is in, out of every image."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    parts = path.split("/")
    folders = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    anywhere = {pattern.removeprefix("**/") for pattern in patterns if pattern.startswith("**/")}
    return bool(anywhere & set(parts)) or any(fnmatch(each, line) for each in folders for line in patterns)


def copy(source: str, target: Path, root: Path) -> None:
    """Do what COPY does: a folder's content, or a file."""
    found = root / source

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if is_left_out((Path(folder) / name).relative_to(ROOT).as_posix())}

    if found.is_dir():
        shutil.copytree(found, target, ignore=left_out if root == ROOT else None, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found, target / found.name if target.is_dir() or str(target).endswith("/") else target)


def test_the_files_in_the_image_are_enough_to_build_the_wheel(tmp_path: Path) -> None:
    file("src/stockwright/http/static/web/index.html")
    made, shop = tmp_path / "made", tmp_path / "shop"
    shop.mkdir()
    # The stage before it builds the pages; here they are the checkout's.
    shutil.copytree(ROOT / "src/stockwright/http/static", made / "shop/src/stockwright/http/static")
    last = TEXT.split("\nFROM ")[-1]
    copied = re.findall(r"^COPY (--from=web )?(.+) (\S+)$", last, re.MULTILINE)
    assert copied
    for from_web, sources, target in copied:
        for source in sources.split():
            into = shop / target
            if target.endswith("/"):
                into.mkdir(parents=True, exist_ok=True)
            copy(source.lstrip("/") if from_web else source, into, made if from_web else ROOT)
    build = [UV, "build", "--offline", "--wheel", "--no-build-isolation", "--python", sys.executable]
    built = subprocess.run(
        [*build, "--out-dir", tmp_path / "out", shop], cwd=shop, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    [wheel] = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert "stockwright/http/static/web/index.html" in archive.namelist()
        assert "stockwright/http/static/swagger/swagger-ui-bundle.js" in archive.namelist()
        bill = json.loads(archive.read(f"stockwright-{__version__}.dist-info/sboms/stockwright.cdx.json"))
    assert bill["metadata"]["component"]["version"] == __version__


def test_the_container_task_sets_the_settings_that_the_shop_reads() -> None:
    body = json.loads((ROOT / "infra/container/task-definition.json").read_text(encoding="utf-8"))
    [container] = body["containerDefinitions"]
    given = {each["name"] for each in container["environment"]}
    assert given - {"AWS_REGION"} <= {name for name, _, _ in Settings().listed()}
    # Without it the SDK would not know where SES is.
    assert "AWS_REGION" in given


def test_no_local_file_is_copied_into_the_image() -> None:
    for path in (
        ".env",
        ".venv/bin/python",
        ".venv-ministack/bin/ministack",
        "stockwright-data/keys/signing.key",
        "web/node_modules/vite/package.json",
        "src/stockwright/http/static/web/index.html",
        "src/stockwright/http/static/swagger/swagger-ui.css",
    ):
        assert is_left_out(path), path
    for path in ("web/src/main.tsx", "src/stockwright/http/static/docs/index.html", "release/build_hook.py"):
        assert (ROOT / path).exists()
        assert not is_left_out(path), path
