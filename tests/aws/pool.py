"""A Cognito user pool as the stack makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.aws.ministack import Aws


@dataclass
class Pool:
    """The user pool as an operator sees it."""

    client: Any
    id: str
    client_id: str

    def user(self, email: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.admin_get_user(UserPoolId=self.id, Username=email)
        return found

    def groups(self, email: str) -> list[str]:
        found = self.client.admin_list_groups_for_user(UserPoolId=self.id, Username=email)
        return [group["GroupName"] for group in found["Groups"]]

    def make(self, email: str, password: str, *, group: str | None = None, permanent: bool = True) -> None:
        """Make a user by hand, as one does in the console."""
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        self.client.admin_create_user(
            UserPoolId=self.id, Username=email, UserAttributes=attributes, TemporaryPassword=password
        )
        if permanent:
            self.client.admin_set_user_password(UserPoolId=self.id, Username=email, Password=password, Permanent=True)
        if group:
            self.client.admin_add_user_to_group(UserPoolId=self.id, Username=email, GroupName=group)


def make_pool(here: Aws) -> Pool:
    """Make a pool whose client takes passwords from our API alone."""
    client = here.client("cognito-idp")
    pool_id = client.create_user_pool(
        PoolName="shop",
        UsernameAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        Policies={"PasswordPolicy": {"MinimumLength": 8}},
    )["UserPool"]["Id"]
    client_id = client.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="shop",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        PreventUserExistenceErrors="ENABLED",
    )["UserPoolClient"]["ClientId"]
    client.create_group(UserPoolId=pool_id, GroupName="admin")
    return Pool(client, pool_id, client_id)
