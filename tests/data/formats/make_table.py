"""Makes the DynamoDB form of one data format: what its release's own `copy` writes of the folder into an empty table.

    AWS_ENDPOINT_URL=… PATH_OF_THE_RELEASE/.venv/bin/python tests/data/formats/make_table.py tests/data/formats/N

DynamoDB Local must run at that address. The script reads `shop.tar.xz` and writes `table.xz`: every item of the table
in DynamoDB's JSON, one per line, by key.
"""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import boto3

from stockwright.store.dynamodb import create_table

TABLE = "stockwright"
ACCESS = {"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIAFORMATS", "AWS_SECRET_ACCESS_KEY": "of-nobody"}


def main(folder: Path) -> None:
    os.environ.update(ACCESS, AWS_DEFAULT_REGION=ACCESS["AWS_REGION"])
    client = boto3.client("dynamodb")
    create_table(client, TABLE)
    with tempfile.TemporaryDirectory() as data:
        with tarfile.open(folder / "shop.tar.xz") as packed:
            packed.extractall(data, filter="data")
        settings = {"STOCKWRIGHT_DATA_DIR": data, "STOCKWRIGHT_TABLE_NAME": TABLE}
        program = Path(sys.executable).with_name("stockwright")
        command = [program, "copy", "--from", "sqlite", "--to", "dynamodb"]
        subprocess.run(command, env={**os.environ, **settings}, cwd=data, check=True)
    pages = client.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
    items = sorted(
        (item for page in pages for item in page["Items"]), key=lambda item: (item["pk"]["S"], item["sk"]["S"])
    )
    lines = [json.dumps(item, sort_keys=True, separators=(",", ":")) for item in items]
    (folder / "table.xz").write_bytes(lzma.compress("\n".join(lines).encode(), preset=9))
    client.delete_table(TableName=TABLE)
    print(f"{len(items):,} items")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
