"""The review of the stacks by AWS's Solutions pack (cdk-nag), and what it may not complain about, with the reason.

A reason names the construct that it is about; what is new or elsewhere fails the synthesis.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from aws_cdk import Acknowledgment, CfnElement, Token, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from infra.functions import Function
from infra.handlers import MAILING
from infra.stack import Stockwright

Reasons = dict[str, str]

SECRETS: Reasons = {
    "SMG4": "The partners' keys are theirs to change, CloudFront's is changed with a deployment (docs/aws.md), and a "
    "new signing key would void every open list and mailed code."
}
POOL: Reasons = {
    "COG1": "Nobody signs up at the pool: the API's rules hold, which follow NIST SP 800-63B-4 (length, no common "
    "passwords) and must let long passphrases through.",
    "COG2": "The second factor is the API's (TOTP), which is the pool's only client.",
    "COG8": "The plus plan's threat protection costs by user; lock-out and rate limits are the API's.",
}
STREAM_DLQ: Reasons = {"SQS3": "It is the dead-letter queue of the table's stream, which the rule does not know."}
FUNCTION: Reasons = {
    "L1": "Python 3.13 is what the tests run and every dependency has wheels for; Lambda supports it until 2029."
}
TRACING: Reasons = {"IAM5[Resource::*]": "X-Ray's actions take no resource."}
STREAM: Reasons = {"IAM5[Resource::*]": "X-Ray's actions and dynamodb:ListStreams take no resource."}
RELEASES: Reasons = {"IAM5[Resource::*]": "cloudwatch:DescribeAlarms is asked for all alarms at once."}
ROUTES: Reasons = {"APIG4": "The function checks the token or API key of every request (docs/decisions/0021)."}
FILES: Reasons = {
    "S1": "Every file is put and read through the API, or at an address that it signed; the API logs each request."
}
DISTRIBUTION: Reasons = {
    "CFR1": "The shop sells everywhere.",
    "CFR4": "CloudFront's own name comes with CloudFront's own certificate; with a domain of yours, TLS 1.2 holds.",
}
NO_FIREWALL: Reasons = {"CFR2": "Only MiniStack's stage and one that switches it off have no WAF (infra/firewall.py)."}


def review(scope: IConstruct, stacks: Iterable[Stockwright]) -> None:
    """Have every resource checked."""
    Validations.of(scope).add_plugins(AwsSolutionsChecks(scope))
    for stack in stacks:
        for secret in (stack.data.signing, stack.data.origin, stack.data.warehouse, stack.data.delivery):
            _acknowledge(secret, SECRETS)
        if stack.watch is not None and stack.watch.secret is not None:
            _acknowledge(stack.watch.secret, SECRETS)
        _acknowledge(stack.identity.pool, POOL)
        _acknowledge(stack.files.bucket, FILES)
        _acknowledge(stack.events.stream_dlq, STREAM_DLQ)
        for each in stack.all_functions:
            _acknowledge(each.function, FUNCTION)
            _acknowledge(each.role, _of_role(each, stack))
        _acknowledge(stack.releases, RELEASES)
        for route in stack.http.routes:
            _acknowledge(route, ROUTES)
        _acknowledge(stack.web.distribution, DISTRIBUTION if stack.has_firewall else DISTRIBUTION | NO_FIREWALL)


def _of_role(function: Function, stack: Stockwright) -> Reasons:
    if function is stack.functions.stream:
        return STREAM
    if function in {stack.functions.api, stack.functions.sweep}:
        return TRACING | _files(stack)
    return TRACING | _mailing(stack) if function.name in MAILING else TRACING


def _files(stack: Stockwright) -> Reasons:
    bucket = stack.get_logical_id(cast("CfnElement", stack.files.bucket.node.default_child))
    return {f"IAM5[Resource::<{bucket}.Arn>/*]": "The files of one bucket, which is for nothing else."}


def _mailing(stack: Stockwright) -> Reasons:
    region = "<AWS::Region>" if Token.is_unresolved(stack.region) else stack.region
    account = "<AWS::AccountId>" if Token.is_unresolved(stack.account) else stack.account
    return {
        f"IAM5[Resource::arn:<AWS::Partition>:ses:{region}:{account}:identity/*]": "Mails leave as the sender alone "
        "(ses:FromAddress); in the sandbox SES asks for the receiver's identity too, which is anybody's."
    }


def _acknowledge(construct: IConstruct, reasons: Reasons) -> None:
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason) for rule, reason in reasons.items())
    )
