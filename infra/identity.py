"""Who signs in: the user pool, its client, its groups."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.stages import Stage


class Identity(Construct):
    """The pool keeps passwords, groups are roles, and only the API signs people in and up.

    The rules of passwords are the API's (docs/api.md), since they take a long passphrase; the pool
    only asks for the length that all of them have, and that none begins or ends with a blank.
    """

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, "Identity")
        self.pool = cognito.UserPool(
            self,
            "Pool",
            user_pool_name=stage.prefix,
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.NONE,
            password_policy=cognito.PasswordPolicy(
                min_length=8,
                require_lowercase=False,
                require_uppercase=False,
                require_digits=False,
                require_symbols=False,
            ),
            deletion_protection=stage.keep,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.keep else RemovalPolicy.DESTROY,
        )
        self.client = self.pool.add_client(
            "Client",
            user_pool_client_name="shop",
            auth_flows=cognito.AuthFlow(admin_user_password=True),
            disable_o_auth=True,
            generate_secret=False,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            id_token_validity=Duration.hours(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(30),
        )
        self.admins = cognito.CfnUserPoolGroup(
            self, "Admins", user_pool_id=self.pool.user_pool_id, group_name="admin", description="May do everything"
        )
