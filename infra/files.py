"""Uploads and pictures: a private bucket that the API writes, reads and signs addresses for.

CloudFront serves the pictures from it (`web.py`), and may read nothing else there.
"""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.stages import Stage

UPLOADS: Final = "uploads/"
UPLOAD_DAYS: Final = 2
"""The sweeper removes what nobody has used after a day; this is for what it missed."""
FORMER_DAYS: Final = 30


class Files(Construct):
    """One bucket; clients put what they upload there, to addresses that are signed for an hour."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, "Files")
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            # Anyone who has a signed address may use it, on any page.
            cors=[s3.CorsRule(allowed_methods=[s3.HttpMethods.PUT], allowed_origins=["*"], allowed_headers=["*"])],
            lifecycle_rules=[
                s3.LifecycleRule(prefix=UPLOADS, expiration=Duration.days(UPLOAD_DAYS)),
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(FORMER_DAYS),
                    abort_incomplete_multipart_upload_after=Duration.days(UPLOAD_DAYS),
                ),
            ],
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.keep else RemovalPolicy.DESTROY,
        )
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                actions=["s3:GetObject"],
                resources=[self.bucket.arn_for_objects(f"{UPLOADS}*")],
            )
        )

    def may(self, *actions: str) -> iam.PolicyStatement:
        """Let a function do this with the bucket's files."""
        return iam.PolicyStatement(actions=list(actions), resources=[self.bucket.arn_for_objects("*")])
