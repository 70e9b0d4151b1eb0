"""The web app: a private bucket behind CloudFront, which also sends /api/* to the HTTP API.

/media/* comes from the bucket of files.
"""

from __future__ import annotations

import json
import os
from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.files import Files
from infra.http import Http
from infra.stages import Stage
from stockwright.cloud.origin import ADDRESS_HEADER, SECRET_HEADER
from stockwright.http.pages import MOVED, PAGE_HEADERS, ROUTES_OF_WEB
from stockwright.http.route import PUBLIC_SECONDS

LOG_DAYS: Final = 90
PUBLIC_READS: Final = ("/api/items", "/api/items/*", "/api/inventory/product/*", "/api/inventory/sku/*")
"""Paths whose answers CloudFront may keep for as long as they say themselves (`Route.public_seconds`)."""
ERRORS: Final = (400, 403, 404, 405, 414, 500, 501, 502, 503, 504)
# The app's routes are pages of one document; a path whose last part has a dot is a file. A browser is shown
# the app's own "not found" page; other clients get 404.
ROUTING: Final = f"""\
var MOVED = {json.dumps(MOVED)};
var OWN = new RegExp({json.dumps(f"^{ROUTES_OF_WEB}/?$")});
function handler(event) {{
  var request = event.request, uri = request.uri, accept = request.headers.accept;
  if (MOVED[uri]) return {{ statusCode: 307, headers: {{ location: {{ value: MOVED[uri] }} }} }};
  var browses = uri === "/" || (accept && accept.value.indexOf("text/html") >= 0);
  if (OWN.test(uri) && browses) request.uri = "/index.html";
  else if (uri.split("/").pop().indexOf(".") < 0) {{
    if (!browses) return {{ statusCode: 404, body: {{ encoding: "text", data: "There is nothing at this path\\n" }} }};
    request.uri = "/index.html";
  }}
  return request;
}}
"""
# What a client sends of that name is replaced.
ADDRESS: Final = f"""\
function handler(event) {{
  event.request.headers[{json.dumps(ADDRESS_HEADER)}] = {{ value: event.viewer.ip }};
  return event.request;
}}
"""


class Web(Construct):
    """One address for the web app and the API, so that browsers need no leave to call it."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        http: Http,
        files: Files,
        secret: secretsmanager.Secret,
        firewall: str | None,
    ) -> None:
        super().__init__(scope, "Web")
        self._domain = stage.web_domain
        removal = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.keep else RemovalPolicy.DESTROY
        self.logs = s3.Bucket(
            self,
            "Logs",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            # CloudFront's standard logs are written by an access control list.
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(LOG_DAYS))],
            removal_policy=removal,
        )
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            server_access_logs_bucket=self.logs,
            server_access_logs_prefix="s3/",
            lifecycle_rules=[s3.LifecycleRule(noncurrent_version_expiration=Duration.days(LOG_DAYS))],
            removal_policy=removal,
        )
        origin = origins.HttpOrigin(
            http.host,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            # In the template stands a reference, which CloudFormation looks up.
            custom_headers={SECRET_HEADER: secret.secret_value.unsafe_unwrap()},
        )
        headers = _headers(self, stage, files.bucket)
        pictures = cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(files.bucket),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            # The file of a name never changes, as its own header says.
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            response_headers_policy=headers,
        )
        address = _before(self, "Address", ADDRESS)

        def api(
            cache: cloudfront.ICachePolicy, headers: cloudfront.IResponseHeadersPolicy | None = None
        ) -> cloudfront.BehaviorOptions:
            return cloudfront.BehaviorOptions(
                origin=origin,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache_policy=cache,
                response_headers_policy=headers,
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                function_associations=[address],
            )

        uncached = api(cloudfront.CachePolicy.CACHING_DISABLED)
        cached = api(_public_reads(self, stage), _without_limits(self, stage))
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            # A changed secret is looked up again where the distribution changes.
            comment=f"{stage.prefix} {os.environ.get('REVISION', '')}".strip(),
            default_root_object="index.html",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(self.bucket),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                response_headers_policy=headers,
                function_associations=[_before(self, "Routing", ROUTING)],
            ),
            additional_behaviors={
                # In this order: the first pattern that fits counts.
                **dict.fromkeys(PUBLIC_READS, cached),
                **dict.fromkeys(("/api/*", "/.well-known/*", "/health"), uncached),
                "/media/*": pictures,
            },
            web_acl_id=firewall,
            domain_names=[stage.web_domain] if stage.web_domain else None,
            certificate=(
                acm.Certificate.from_certificate_arn(self, "Certificate", stage.web_certificate)
                if stage.web_domain
                else None
            ),
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            # Else CloudFront answers everybody for ten seconds with the error of one request.
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0)) for status in ERRORS
            ],
            enable_logging=True,
            log_bucket=self.logs,
            log_file_prefix="cloudfront/",
        )

    @property
    def url(self) -> str:
        """Where people reach the shop."""
        return f"https://{self._domain or self.distribution.distribution_domain_name}"


def _public_reads(scope: Construct, stage: Stage) -> cloudfront.CachePolicy:
    """Keep what the API lets shared caches keep, for each query and each Authorization header apart.

    Nothing is kept that the API does not mark as public, and it marks no answer to a request with credentials.
    """
    return cloudfront.CachePolicy(
        scope,
        "PublicReads",
        cache_policy_name=f"{stage.prefix}-public-reads",
        min_ttl=Duration.seconds(0),
        default_ttl=Duration.seconds(0),
        max_ttl=Duration.seconds(PUBLIC_SECONDS),
        header_behavior=cloudfront.CacheHeaderBehavior.allow_list("Authorization", "Origin"),
        query_string_behavior=cloudfront.CacheQueryStringBehavior.all(),
        cookie_behavior=cloudfront.CacheCookieBehavior.none(),
        enable_accept_encoding_gzip=True,
        enable_accept_encoding_brotli=True,
    )


def _without_limits(scope: Construct, stage: Stage) -> cloudfront.ResponseHeadersPolicy:
    """Leave out the rate limit of the caller that asked first."""
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "PublicReadsHeaders",
        response_headers_policy_name=f"{stage.prefix}-public-reads",
        remove_headers=["RateLimit", "RateLimit-Policy"],
    )


def _before(scope: Construct, name: str, code: str) -> cloudfront.FunctionAssociation:
    """Run a function of CloudFront's on each request as it comes."""
    function = cloudfront.Function(
        scope,
        name,
        code=cloudfront.FunctionCode.from_inline(code),
        runtime=cloudfront.FunctionRuntime.JS_2_0,
    )
    return cloudfront.FunctionAssociation(function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST)


def _headers(scope: Construct, stage: Stage, files: s3.Bucket) -> cloudfront.ResponseHeadersPolicy:
    """Send the same headers with each page as the one process does, and HSTS.

    Pages may also call the bucket of files: they put uploads there.
    """
    header = cloudfront.ResponseCustomHeader
    own, bucket = (
        "connect-src 'self'",
        f"https://{files.bucket_domain_name} https://{files.bucket_regional_domain_name}",
    )
    policy = PAGE_HEADERS["content-security-policy"].replace(own, f"{own} {bucket}")
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "Headers",
        response_headers_policy_name=f"{stage.prefix}-pages",
        security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=policy, override=True
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
            frame_options=cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption.DENY, override=True
            ),
            referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
            ),
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=Duration.days(365), include_subdomains=True, override=True
            ),
        ),
        custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                header(header=name, value=PAGE_HEADERS[name], override=True)
                for name in ("cross-origin-opener-policy", "permissions-policy")
            ]
        ),
    )
