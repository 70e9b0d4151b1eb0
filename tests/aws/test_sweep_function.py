"""The sweeper's function, called by the schedule."""

from __future__ import annotations

from stockwright.domain.stock import Wanted
from stockwright.usecases.context import SetClock
from stockwright.usecases.inventory_views import get_by_product
from stockwright.usecases.reservations import Reserve, reserve_stock
from tests.aws.conftest import Cloud
from tests.aws.shapes import schedule


async def test_expired_holds_end_when_the_schedule_fires(cloud: Cloud) -> None:
    an_hour_ago = SetClock(cloud.app.clock.now() - 3_600_000)
    await reserve_stock(cloud.app.at(an_hour_ago), cloud.alice, Reserve([Wanted(cloud.product_id, 5)], minutes=15))
    assert await cloud.invoke("sweep", schedule()) == {"expired": 1}
    assert (await get_by_product(cloud.app, cloud.product_id)).stock.available == 30
    assert await cloud.invoke("sweep", schedule()) == {"expired": 0}
    counted = [line["ExpiredReservations"] for line in cloud.function("sweep").lines() if "_aws" in line]
    assert counted == [[1.0]]
