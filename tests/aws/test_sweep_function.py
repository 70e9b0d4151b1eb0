"""The sweeper's function, called by the schedule."""

from __future__ import annotations

from stockwright.base.event import Event
from stockwright.base.ports import SetClock
from stockwright.catalog.inventory_views import get_by_product
from stockwright.cloud.delivery import Delivery, bury
from stockwright.cloud.routing import STREAM
from stockwright.events.records import find_retry, waiting_retries
from stockwright.operations.usecases import list_dead_letters, redrive
from stockwright.request import BY_SYSTEM
from stockwright.reservations.usecases import Reserve, reserve_stock
from stockwright.stock.model import Wanted
from tests.aws.conftest import Cloud
from tests.aws.shapes import schedule


async def test_the_schedule_releases_expired_holds(cloud: Cloud) -> None:
    an_hour_ago = SetClock(cloud.app.clock.now() - 3_600_000)
    await reserve_stock(cloud.app.at(an_hour_ago), cloud.alice, Reserve([Wanted(cloud.product_id, 5)], minutes=15))
    assert await cloud.invoke("sweep", schedule()) == {"expired": 1}
    assert (await get_by_product(cloud.app, cloud.product_id)).stock.available == 30
    assert await cloud.invoke("sweep", schedule()) == {"expired": 0}
    counted = [line["ExpiredReservations"] for line in cloud.function("sweep").lines() if "_aws" in line]
    assert counted == [[1.0]]


async def test_a_redriven_dead_letter_of_the_stream_leaves_no_record(cloud: Cloud) -> None:
    now = cloud.app.clock.now()
    given_up = Event("evt_m-1", "message.unreadable", "m-1", now, {"body": "{}"})
    await bury(cloud.app, STREAM, Delivery(given_up, 1, now), "the queue gave it up")
    [letter] = (await list_dead_letters(cloud.app, 10))[0]
    await redrive(cloud.app, BY_SYSTEM, letter.id)
    assert await find_retry(cloud.app.store, STREAM, given_up.id) is not None

    await cloud.invoke("sweep", schedule())
    assert await find_retry(cloud.app.store, STREAM, given_up.id) is None
    assert await waiting_retries(cloud.app.store) == 0
    assert (await list_dead_letters(cloud.app, 10))[0] == []
