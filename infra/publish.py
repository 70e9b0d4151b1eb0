"""Puts the built web app into a stage's bucket, and has CloudFront forget the pages before.

python -m infra.publish dev         after `cdk deploy`, which wrote build/outputs.json
"""

from __future__ import annotations

import json
import mimetypes
import sys
import time
from pathlib import Path
from typing import Any, Final

from infra.package import BUILD, ROOT

WEB: Final = ROOT / "src/stockwright/http/static/web"
FOR_EVER: Final = "public, max-age=31536000, immutable"
"""What has its hash in its name."""
ASK_EACH_TIME: Final = "no-cache"


def publish(s3: Any, bucket: str, web: Path = WEB) -> int:
    """Put every file there, the page that names the others last; returns how many."""
    files = sorted((file for file in web.rglob("*") if file.is_file()), key=lambda file: file.suffix == ".html")
    if not files:
        raise SystemExit("The web app is not built: run `make setup`.")
    for file in files:
        name = file.relative_to(web).as_posix()
        s3.put_object(
            Bucket=bucket,
            Key=name,
            Body=file.read_bytes(),
            ContentType=mimetypes.guess_type(name)[0] or "application/octet-stream",
            CacheControl=FOR_EVER if name.startswith("assets/") else ASK_EACH_TIME,
        )
    return len(files)


def main(stage: str) -> None:
    """Publish to a stage that is deployed."""
    import boto3

    outputs = json.loads((BUILD / "outputs.json").read_text(encoding="utf-8"))[f"stockwright-{stage}"]
    publish(boto3.client("s3"), outputs["Bucket"])
    boto3.client("cloudfront").create_invalidation(
        DistributionId=outputs["DistributionId"],
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(time.time_ns())},
    )
    sys.stdout.write(f"The shop is at {outputs['Url']}\n")


if __name__ == "__main__":
    main(sys.argv[1])
