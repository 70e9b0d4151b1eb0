"""Routes of the locations."""

from __future__ import annotations

from typing import Final

from stockwright.base.actor import Scope
from stockwright.http.lists import show_list
from stockwright.http.route import Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.rules import first_given
from stockwright.http.wire import ListView
from stockwright.stock import locations
from stockwright.stock.model import Location
from stockwright.stock.wire import LocationBody, LocationPatch, LocationView, location_view

TAG = "Inventory"
KEY: Final[frozenset[Scope]] = frozenset({"inventory"})


def _show_location(_: AnyCall, location: Location) -> Answer:
    return Answer(location_view(location), etag=f'"{location.version}"')


async def _locations(call: PlainCall) -> tuple[list[Location], None]:
    return await locations.list_locations(call.app), None


async def _add_location(call: Call[LocationBody, NoQuery]) -> Location:
    body = call.body
    location_id = first_given(body.id, body.name)
    return await locations.add_location(call.app, call.request, location_id, body.name, body.priority)


async def _change_location(call: Call[LocationPatch, NoQuery]) -> Location:
    body = call.body
    return await locations.change_location(
        call.app,
        call.request,
        locations.ChangeLocation(call.path["id"], body.name, body.priority, body.active, call.expected_version()),
    )


ROUTES = (
    route(
        "GET",
        "/locations",
        _locations,
        "List the locations",
        TAG,
        lambda call, found: show_list(call, found, location_view),
        who="any",
        answer=ListView[LocationView],
    ),
    route(
        "POST",
        "/locations",
        _add_location,
        "Add a location",
        TAG,
        _show_location,
        body=LocationBody,
        answer=LocationView,
        status=201,
        errors=(409,),
    ),
    route(
        "PATCH",
        "/locations/{id}",
        _change_location,
        "Change a location",
        TAG,
        _show_location,
        body=LocationPatch,
        answer=LocationView,
        errors=(404, 409, 412),
    ),
)
