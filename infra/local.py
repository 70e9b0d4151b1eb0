"""The cloud form on one machine: MiniStack on loopback with kept state, the synthesised stack deployed to it.

As on AWS, each function has its role's credentials and may do no more.

stockwright cloud up        until Ctrl+C; what was sold stays for the next time
stockwright cloud down      forget it all
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import boto3
import httpx2
import uvicorn

from infra.deploy import deploy
from infra.front import front, pictures_of
from infra.package import BUILD, ROOT, build
from infra.publish import publish
from stockwright.cloud.origin import SECRET_HEADER
from stockwright.demo.catalog import goods
from stockwright.demo.load import ADMIN
from stockwright.demo.pictures import read_picture

ACCOUNT: Final = "000000000000"
REGION: Final = "eu-central-1"
STAGE: Final = "local"
STATE: Final = ROOT / "stockwright-data/cloud"
OUTPUTS: Final = STATE / "outputs.json"
"""Written when all is deployed: what CloudFormation returned, and the two passwords."""
CUSTOMER: Final = "mia@demo.example"
START_SECONDS: Final = 60
PROGRAM: Final = ROOT / ".venv-ministack/bin/ministack"


def up(port: int) -> None:
    """Start everything, deploy at the first time, and serve until Ctrl+C."""
    if not PROGRAM.exists():
        raise SystemExit("MiniStack is not installed: run `make cloud`.")
    _insist_on(port)
    with _alone():
        if not OUTPUTS.exists():
            # A deployment that did not end.
            _forget()
        _read_the_stream_from_the_start()
        own_port = _own_port()
        url = f"http://127.0.0.1:{own_port}"
        with (STATE / "ministack.log").open("wb") as log:
            ministack = subprocess.Popen(
                [str(PROGRAM)], cwd=STATE, env=_environment(own_port), stdout=log, stderr=subprocess.STDOUT
            )
        try:
            _wait(url)
            found = _deployed(url)
            _announce(f"http://127.0.0.1:{port}", url, found)
            pictures = pictures_of(_client(url)("s3"), found["FilesBucket"])
            shop = front(url, found["ApiId"], found["OriginSecret"], pictures)
            uvicorn.run(shop, host="127.0.0.1", port=port, log_level="warning")
        except KeyboardInterrupt:
            pass
        finally:
            ministack.terminate()
            ministack.wait()
            shutil.rmtree(STATE / "functions", ignore_errors=True)


def _announce(shop: str, url: str, expected: dict[str, str]) -> None:
    print(  # noqa: T201 - for people
        "\nStockwright's cloud form is running\n\n"
        f"  Shop            {shop}\n"
        f"  API             {shop}/api  (documentation: {shop}/api/docs)\n"
        f"  Demo admin      {ADMIN}   password: {expected['AdminPassword']}\n"
        f"  Demo customer   {CUSTOMER}     password: {expected['CustomerPassword']}\n"
        f"  Mails           {shop}/admin/mailbox, and as SES has them: {url}/_ministack/ses/messages\n"
        f"  AWS             AWS_ENDPOINT_URL={url} AWS_DEFAULT_REGION={REGION} "
        f"AWS_ACCESS_KEY_ID={ACCOUNT} AWS_SECRET_ACCESS_KEY=any\n"
        f"  Kept in         {STATE}  (`stockwright cloud down` forgets it)\n\n"
        "  The first request to each function takes seconds: it starts cold.\n"
        "  Stop with Ctrl+C.\n",
        flush=True,
    )


def down() -> None:
    """Forget everything that was deployed and sold."""
    with _alone():
        _forget()


def _forget() -> None:
    for each in STATE.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name != "lock":
            each.unlink()


def _insist_on(port: int) -> None:
    """Refuse a port that is taken, before a minute's work."""
    with socket.socket() as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind(("127.0.0.1", port))
        except OSError as taken:
            raise SystemExit(
                f"Port {port} cannot be had ({taken.strerror}): `make cloud PORT=9000` takes another."
            ) from taken


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold what is kept, which two at once would spoil."""
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("It is running: stop it first, with Ctrl+C where it was started.") from None
        yield


def _read_the_stream_from_the_start() -> None:
    """Forget how far the table's stream was read: MiniStack keeps that, and not the stream, which starts from zero."""
    kept = STATE / "state/lambda.json"
    if kept.exists():
        state = json.loads(kept.read_text(encoding="utf-8"))
        state["payload"]["dynamodb_stream_positions"]["data"] = {}
        kept.write_text(json.dumps(state), encoding="utf-8")


def _deployed(url: str) -> dict[str, str]:
    """Deploy, unless it was done at an earlier start; returns the stack's outputs and the admin's password."""
    if OUTPUTS.exists():
        body: dict[str, str] = json.loads(OUTPUTS.read_text(encoding="utf-8"))
        return body

    client = _client(url)
    print("Building the functions, writing the template, deploying it: a minute or two", flush=True)  # noqa: T201
    body = deploy(client, _written(build(BUILD / "lambda-here", here=True)), f"stockwright-{STAGE}", ACCOUNT, REGION)
    publish(client("s3"), body["Bucket"])
    body["OriginSecret"] = origin_secret(client("secretsmanager"), STAGE)
    body["AdminPassword"], body["CustomerPassword"] = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
    pools, pool = client("cognito-idp"), body["UserPoolId"]
    make_person(pools, pool, ADMIN, body["AdminPassword"], admin=True)
    make_person(pools, pool, CUSTOMER, body["CustomerPassword"])
    print("Putting the demo's goods on sale, over the shop's own API", flush=True)  # noqa: T201
    _put_on_sale(f"{url}/_aws/execute-api/{body['ApiId']}/$default/api", body)
    OUTPUTS.touch(mode=0o600)
    OUTPUTS.write_text(json.dumps(body), encoding="utf-8")
    return body


def _client(url: str) -> Callable[[str], Any]:
    """Return what makes the SDK's client of a service."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",  # noqa: S106 - the one that MiniStack checks signed addresses with
        )

    return client


def _written(code: Path) -> Path:
    """Write the template, by a process of its own: the CDK's Node does not end before its Python, and minds Ctrl+C."""
    out = BUILD / "local.out"
    subprocess.run([sys.executable, "-m", "infra.app", STAGE, str(code), str(out)], check=True, cwd=ROOT)
    return out


def make_person(pools: Any, pool: str, email: str, password: str, *, admin: bool = False) -> None:
    """Make somebody in the user pool by hand; the shop takes that account on at its first sign-in."""
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    made = pools.admin_create_user(UserPoolId=pool, Username=email, UserAttributes=attributes, MessageAction="SUPPRESS")
    name = made["User"]["Username"]
    pools.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    if admin:
        pools.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName="admin")


def origin_secret(manager: Any, stage: str) -> str:
    """Read what CloudFront sends to the API's function."""
    value: str = manager.get_secret_value(SecretId=f"stockwright-{stage}/origin")["SecretString"]
    return value


def _put_on_sale(api: str, expected: dict[str, str]) -> None:
    """Make the demo's products, each with its opening stock; the last one made is the first in the shop."""
    with httpx2.Client(timeout=60, headers={SECRET_HEADER: expected["OriginSecret"]}) as shop:
        body = {"email": ADMIN, "password": expected["AdminPassword"]}
        signed_in = shop.post(f"{api}/signin", json=body).raise_for_status()
        shop.headers["Authorization"] = f"Bearer {signed_in.json()['data']['idToken']}"
        for good in reversed(goods()):
            product = {
                "sku": good.sku,
                "name": good.name,
                "description": good.description,
                "category": good.category,
                "type": good.type,
                "brand": good.brand,
                "price": good.price_cents,
                "quantity": good.stock,
                "options": {"color": list(good.colors)} if good.colors else {},
            }
            made = shop.post(f"{api}/products", json=product).raise_for_status().json()["data"]
            drawn = read_picture(good.sku)
            if drawn:
                images, kind = f"{api}/products/{made['id']}/images", {"content-type": "image/webp"}
                shop.post(images, content=drawn[max(drawn)], headers=kind).raise_for_status()


def _environment(port: int) -> dict[str, str]:
    """Configure MiniStack to listen on loopback only, to enforce the policies, and to keep its state."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    # It unpacks every function there, 150 MB each, and leaves what it did not come to remove.
    unpacked = STATE / "functions"
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    return {
        **kept,
        "TMPDIR": str(unpacked),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AUTH": "true",
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
            if httpx2.get(f"{url}/_ministack/health", timeout=2).is_success:
                return
        except httpx2.TransportError:
            pass
        if time.monotonic() > deadline:
            raise SystemExit(f"MiniStack does not start: see {STATE / 'ministack.log'}")
        time.sleep(0.2)


def _own_port() -> int:
    """Return MiniStack's port: a free one at the first time, then that one again, which is part of its queues' URLs."""
    kept = STATE / "port"
    with socket.socket() as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind(("127.0.0.1", int(kept.read_text(encoding="utf-8")) if kept.exists() else 0))
        except OSError as taken:
            raise SystemExit(f"MiniStack's port cannot be had ({taken.strerror}): see {kept}") from taken
        port: int = asked.getsockname()[1]
    kept.write_text(str(port), encoding="utf-8")
    return port


if __name__ == "__main__":
    down() if sys.argv[1] == "down" else up(int(sys.argv[2]))
