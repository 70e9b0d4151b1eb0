"""A shop whose functions run as Lambda runs them, beside a test that looks into the same store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stockwright.accounts.sign_up import SignUp
from stockwright.accounts.usecases import add_account
from stockwright.app import build, close
from stockwright.audit.usecases import audit
from stockwright.base.event import Event
from stockwright.catalog.new_product import CreateProduct, create_product
from stockwright.config import Settings
from stockwright.context import App
from stockwright.request import BY_SYSTEM, Request
from stockwright.store.dynamodb.engine import DynamoDbStore
from stockwright.store.dynamodb.table import create_table
from tests.aws import shapes
from tests.aws.ministack import Aws, aws, here, ministack
from tests.aws.pool import make_pool
from tests.aws.runtime import LambdaFunction

__all__ = ["aws", "here", "ministack"]
TABLE = "shop"
PASSWORD = "Vier-Blauwale-77"


@dataclass
class Cloud:
    """The shop, and its functions as they are needed."""

    app: App
    folder: Path
    alice: Request
    product_id: str
    env: dict[str, str]
    stack: ExitStack
    running: dict[str, LambdaFunction] = field(default_factory=dict)

    def function(self, module: str, **env: str) -> LambdaFunction:
        """Return a function's container, started when first asked for."""
        name = f"{module} {sorted(env.items())}"
        if name not in self.running:
            made = LambdaFunction(f"stockwright.cloud.{module}", self.folder, **self.env, **env)
            self.running[name] = self.stack.enter_context(made)
        return self.running[name]

    async def invoke(self, module: str, event: Any, seconds: float = 30, **env: str) -> Any:
        """Have a function work on an event; this process reads the store again afterwards."""
        return await asyncio.to_thread(self.function(module, **env).invoke, event, seconds)

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any, dict[str, str]]:
        """Send the API a request; returns status, body, headers."""
        result = await self.invoke("api", shapes.request(method, f"/api{path}", body, **options))
        return result["statusCode"], json.loads(result["body"]) if result["body"] else None, result["headers"]

    async def events(self, name: str = "") -> list[Event]:
        newest_first = await self.app.store.tail(limit=1000, reverse=True)
        return [event for event in reversed(newest_first) if event.name.startswith(name)]

    async def event(self, name: str) -> Event:
        return (await self.events(name))[-1]


@pytest.fixture
def resources(here: Aws) -> dict[str, str]:
    """Make what the stack makes for the functions; returns their settings."""
    create_table(here.client("dynamodb"), TABLE)
    here.client("ses").verify_email_identity(EmailAddress="shop@example.com")
    here.client("secretsmanager").create_secret(Name="shop/signing", SecretString="k" * 40)
    pool = make_pool(here)
    return {
        **here.env,
        "STOCKWRIGHT_STORE": "dynamodb",
        "STOCKWRIGHT_TABLE_NAME": TABLE,
        "STOCKWRIGHT_COGNITO_USER_POOL_ID": pool.id,
        "STOCKWRIGHT_COGNITO_CLIENT_ID": pool.client_id,
        "STOCKWRIGHT_SIGNING_SECRET_ID": "shop/signing",
        "STOCKWRIGHT_MAIL": "ses",
        "STOCKWRIGHT_MAIL_FROM": "Shop <shop@example.com>",
    }


@pytest.fixture
async def cloud(here: Aws, resources: dict[str, str], tmp_path: Path) -> AsyncIterator[Cloud]:
    app = await build(Settings.load({**resources, "STOCKWRIGHT_LOG_LEVEL": "error"}))
    await app.store.close()
    # The log is read at once here: nobody writes while a test looks.
    app.store = DynamoDbStore(TABLE, here.client("dynamodb"), tail_delay_seconds=0)
    alice = await add_account(app, BY_SYSTEM, SignUp("alice@example.com", PASSWORD), "customer")
    made = await create_product(
        app,
        BY_SYSTEM,
        CreateProduct("Wireless Keyboard", "KB-1", "A keyboard without a wire.", "electronics", 7999, 30),
    )
    with ExitStack() as stack:
        yield Cloud(app, tmp_path, Request(alice.as_actor()), made.product.id, resources, stack)
        report = await audit(app)
    await close(app)
    assert report.is_clean
