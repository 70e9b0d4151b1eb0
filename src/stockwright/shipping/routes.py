"""Routes of shipping methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stockwright.http.route import Answer, AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.wire import Empty, ListView
from stockwright.shipping import usecases as shipping
from stockwright.shipping.model import ShippingMethod
from stockwright.shipping.wire import (
    ShippingMethodBody,
    ShippingMethodPatch,
    ShippingMethodView,
    method_fields,
    method_view,
)

TAG: Final = "Shipping"


async def _list(call: PlainCall) -> Sequence[ShippingMethod]:
    return await shipping.list_methods(call.app)


def _show_all(_: AnyCall, found: Sequence[ShippingMethod]) -> ListView[ShippingMethodView]:
    return ListView(items=[method_view(each) for each in found], count=len(found), next_token=None)


def _show(_: AnyCall, method: ShippingMethod) -> Answer:
    return Answer(method_view(method), etag=f'"{method.version}"')


async def _add(call: Call[ShippingMethodBody, NoQuery]) -> ShippingMethod:
    return await shipping.add_method(call.app, call.request, method_fields(call.body))


async def _change(call: Call[ShippingMethodPatch, NoQuery]) -> ShippingMethod:
    fields = method_fields(call.body)
    return await shipping.change_method(call.app, call.request, call.path["id"], fields, call.expected_version())


async def _remove(call: PlainCall) -> str:
    return await shipping.remove_method(call.app, call.request, call.path["id"])


ROUTES = (
    route("GET", "/shipping-methods", _list, "List the shipping methods; orders take those that are active", TAG,
          _show_all, who="public", answer=ListView[ShippingMethodView]),
    route("POST", "/shipping-methods", _add, "Add a shipping method", TAG, _show, body=ShippingMethodBody,
          answer=ShippingMethodView, status=201, errors=(409,)),
    route("PATCH", "/shipping-methods/{id}", _change, "Change a shipping method; placed orders keep their price", TAG,
          _show, body=ShippingMethodPatch, answer=ShippingMethodView, errors=(404, 412)),
    route("DELETE", "/shipping-methods/{id}", _remove, "Remove a shipping method; placed orders keep it", TAG,
          lambda *_: Empty(), answer=Empty, errors=(404,)),
)  # fmt: skip
