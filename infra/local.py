"""The cloud form on one machine: MiniStack on loopback with kept state, the synthesised stack deployed to it.

stockwright cloud up        until Ctrl+C; what was sold stays for the next time
stockwright cloud down      forget it all
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from typing import Any, Final

import boto3
import httpx
import uvicorn

from infra.app import synthesize
from infra.deploy import deploy
from infra.front import front
from infra.package import BUILD, ROOT, build
from infra.publish import publish
from infra.stages import load_stages

ACCOUNT: Final = "000000000000"
REGION: Final = "eu-central-1"
STAGE: Final = "local"
STATE: Final = ROOT / "stockwright-data/cloud"
ADMIN: Final = "admin@example.com"
START_SECONDS: Final = 60
PROGRAM: Final = ROOT / ".venv-ministack/bin/ministack"


def up(port: int) -> None:
    """Start everything, deploy at the first time, and serve until Ctrl+C."""
    if not PROGRAM.exists():
        raise SystemExit("MiniStack is not installed: run `make cloud`.")
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    own_port = _free_port()
    url = f"http://127.0.0.1:{own_port}"
    with (STATE / "ministack.log").open("wb") as log:
        ministack = subprocess.Popen(
            [str(PROGRAM)], cwd=STATE, env=_environment(own_port), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(url)
        told = _deployed(url)
        print(  # noqa: T201 - for people
            f"\nThe shop            http://127.0.0.1:{port}\n"
            f"Its API             http://127.0.0.1:{port}/api/docs\n"
            f"Admin               {ADMIN}\n"
            f"Password            {told['AdminPassword']}\n"
            f"Mails that it sent  {url}/_ministack/ses/messages\n"
            f"AWS's services      AWS_ENDPOINT_URL={url} AWS_REGION={REGION} (any keys)\n"
            f"What is kept        {STATE}\n\n"
            "The first request of each function takes seconds: it starts cold. Ctrl+C ends it all.\n"
        )
        uvicorn.run(front(url, told["ApiId"]), host="127.0.0.1", port=port, log_level="warning")
    finally:
        ministack.terminate()
        ministack.wait()


def down() -> None:
    """Forget everything that was deployed and sold."""
    shutil.rmtree(STATE, ignore_errors=True)


def _deployed(url: str) -> dict[str, str]:
    """Deploy, unless it was done at an earlier start; returns the stack's outputs and the admin's password."""
    kept = STATE / "outputs.json"
    if kept.exists():
        told: dict[str, str] = json.loads(kept.read_text(encoding="utf-8"))
        return told

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="not-a-secret",  # noqa: S106 - MiniStack asks for none
        )

    print("Building the functions, writing the template, deploying it")  # noqa: T201 - for people
    out = synthesize(build(BUILD / "lambda-here", here=True), BUILD / "local.out", load_stages()[STAGE])
    told = deploy(client, out, f"stockwright-{STAGE}", ACCOUNT, REGION)
    publish(client("s3"), told["Bucket"])
    told["AdminPassword"] = secrets.token_urlsafe(18)
    make_admin(client("cognito-idp"), told["UserPoolId"], ADMIN, told["AdminPassword"])
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(told), encoding="utf-8")
    return told


def make_admin(pools: Any, pool: str, email: str, password: str) -> None:
    """Make somebody an admin in the user pool; the shop takes that account on at its first sign-in."""
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    made = pools.admin_create_user(UserPoolId=pool, Username=email, UserAttributes=attributes, MessageAction="SUPPRESS")
    name = made["User"]["Username"]
    pools.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    pools.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName="admin")


def _environment(port: int) -> dict[str, str]:
    """Tell MiniStack to listen on loopback alone, and to keep its state."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(STATE / "state"),
        "S3_DATA_DIR": str(STATE / "s3"),
    }


def _wait(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx.get(f"{url}/_ministack/health", timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise SystemExit(f"MiniStack does not start: see {STATE / 'ministack.log'}")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


if __name__ == "__main__":
    down() if sys.argv[1] == "down" else up(int(sys.argv[2]))
