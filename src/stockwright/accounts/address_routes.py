"""Routes of the caller's own saved addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stockwright.accounts import addresses
from stockwright.accounts.address_book import ADDRESSES_MAX, SavedAddress
from stockwright.accounts.address_wire import (
    AddressBody,
    AddressPatch,
    SavedAddressView,
    address_of,
    saved_address_view,
)
from stockwright.accounts.wire import MessageView
from stockwright.http.route import AnyCall, Call, NoQuery, PlainCall, route
from stockwright.http.wire import ListView

TAG: Final = "Accounts"


async def _list(call: PlainCall) -> Sequence[SavedAddress]:
    return await addresses.list_addresses(call.app, call.request)


def _show_all(_: AnyCall, found: Sequence[SavedAddress]) -> ListView[SavedAddressView]:
    return ListView(items=[saved_address_view(each) for each in found], count=len(found), next_token=None)


async def _save(call: Call[AddressBody, NoQuery]) -> SavedAddress:
    address = address_of(call.body)
    assert address is not None  # noqa: S101 - a body is there
    return await addresses.save_address(call.app, call.request, address)


async def _change(call: Call[AddressPatch, NoQuery]) -> SavedAddress:
    return await addresses.change_address(call.app, call.request, call.path["id"], call.body.fields())


async def _remove(call: PlainCall) -> str:
    return await addresses.remove_address(call.app, call.request, call.path["id"])


ROUTES = (
    route("GET", "/users/me/addresses", _list, "List your saved addresses, newest first", TAG, _show_all, who="any",
          answer=ListView[SavedAddressView]),
    route("POST", "/users/me/addresses", _save, f"Save an address; at most {ADDRESSES_MAX}", TAG,
          lambda _, saved: saved_address_view(saved), who="any", body=AddressBody, answer=SavedAddressView, status=201,
          errors=(409,)),
    route("PATCH", "/users/me/addresses/{id}", _change, "Change a saved address; orders keep theirs", TAG,
          lambda _, saved: saved_address_view(saved), who="any", body=AddressPatch, answer=SavedAddressView,
          errors=(404,)),
    route("DELETE", "/users/me/addresses/{id}", _remove, "Remove a saved address; orders keep theirs", TAG,
          lambda _, address_id: MessageView(message=f"The address {address_id} is removed"), who="any",
          answer=MessageView, errors=(404,)),
)  # fmt: skip
