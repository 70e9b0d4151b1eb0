"""One example of each request body, for the OpenAPI document; a test holds each to its type."""

from __future__ import annotations

from typing import Any, Final

from stockwright.accounts import address_wire as addresses
from stockwright.accounts import wire as accounts
from stockwright.catalog import availability_wire as availability
from stockwright.catalog import inventory_wire as inventory
from stockwright.catalog import picture_wire as pictures
from stockwright.catalog import variant_wire
from stockwright.catalog import wire as catalog
from stockwright.counts import wire as wire_counts
from stockwright.operations import wire as operations
from stockwright.orders import wire as orders
from stockwright.products import wire as wire_products
from stockwright.reservations import wire as wire_reservations
from stockwright.sales import wire as wire_sales
from stockwright.settings import wire as wire_settings
from stockwright.shipping import wire as wire_shipping
from stockwright.stock import wire as wire_stock
from stockwright.uploads import wire as wire_uploads

_EMAIL = "user@example.com"
_PASSWORD = "Correct-Horse-7"  # noqa: S105 - an example
_PRODUCT = "prd_01hf7yat00bjckqcjjrd1113s5"
_LAPTOP = "692cc529439b2ea96b10e98b"
_ADDRESS = {
    "name": "A. User",
    "line1": "Hafenstr. 7",
    "postalCode": "20359",
    "city": "Hamburg",
    "country": "DE",
    "phone": "+49 170 1234567",
}
EXAMPLES: Final[dict[type, dict[str, Any]]] = {
    accounts.Credentials: {"email": _EMAIL, "password": _PASSWORD, "name": "A. User"},
    accounts.SignInBody: {"email": _EMAIL, "password": _PASSWORD},
    accounts.SetUpBody: {"token": "the token of the set-up link", "email": _EMAIL, "password": _PASSWORD},
    accounts.EmailBody: {"email": _EMAIL},
    accounts.ConfirmBody: {"email": _EMAIL, "code": "123456"},
    accounts.RefreshBody: {"refreshToken": "the refresh token of the sign-in"},
    accounts.SignOutBody: {"refreshToken": "the refresh token of the sign-in"},
    accounts.ResetBody: {"email": _EMAIL, "code": "123456", "password": _PASSWORD},
    accounts.ChangePasswordBody: {"currentPassword": _PASSWORD, "newPassword": "Better-Horse-8"},
    accounts.MfaBody: {"action": "confirm", "code": "123456"},
    accounts.MeBody: {"name": "A. User", "locale": "de-AT"},
    accounts.UserPatch: {"role": "admin"},
    accounts.ApiKeyBody: {"name": "Warehouse", "scopes": ["orders:pack"]},
    catalog.ProductBody: {
        "name": "Wireless Keyboard",
        "description": "Bluetooth mechanical keyboard with RGB",
        "category": "electronics",
        "price": 7999,
        "quantity": 50,
        "sku": "KB-MECH-001",
        "imageUrl": "https://example.com/image.jpg",
        "options": {"color": ["black", "white"]},
    },
    catalog.ProductPatch: {"price": 8999, "quantity": 45},
    pictures.ImagePatch: {"alt": "The keyboard from above", "position": 1},
    pictures.NewImageBody: {"uploadId": "upl_01hf7yat00c1n20k7d2r9w1e2v", "alt": "The keyboard from above"},
    variant_wire.SpreadBody: {
        "variants": [
            {"options": {"color": "coral"}, "quantity": 30},
            {"options": {"color": "mint"}, "sku": "PH-1-M", "quantity": 20},
        ]
    },
    variant_wire.NewVariantBody: {"options": {"color": "sage"}, "sku": "PH-1-S", "quantity": 20},
    variant_wire.VariantPatch: {"price": 51900, "quantity": 12},
    wire_products.CategoryBody: {"name": "garden"},
    inventory.InitializeBody: {
        "productId": _LAPTOP,
        "sku": "MBP-16-M3MAX-001",
        "initialStock": 50,
        "location": "Warehouse A",
    },
    inventory.ChangeStockBody: {"quantity": 25, "type": "RESTOCK", "reference": "Purchase Order #PO-2024-001"},
    inventory.CountBody: {"productId": _PRODUCT, "stockCount": 48, "reason": "Yearly count"},
    inventory.TransferBody: {"productId": _PRODUCT, "quantity": 5, "from": "default", "to": "Warehouse A"},
    availability.CheckBody: {"items": [{"productId": _PRODUCT, "quantity": 2}, {"productId": _LAPTOP, "quantity": 5}]},
    wire_stock.LocationBody: {"id": "north", "name": "North store", "priority": 50},
    wire_stock.LocationPatch: {"priority": 10},
    wire_reservations.ReserveBody: {"quantity": 1, "orderId": "test-order-123", "expirationMinutes": 15},
    wire_reservations.ReserveManyBody: {
        "items": [{"productId": _PRODUCT, "quantity": 2}, {"sku": "MBP-16-M3MAX-001", "quantity": 1}],
        "orderId": "cart-42",
        "expirationMinutes": 30,
    },
    wire_reservations.ExtendBody: {"expirationMinutes": 30},
    orders.PlaceOrderBody: {
        "items": [{"productId": _PRODUCT, "quantity": 2, "options": {"color": "black"}}],
        "shippingAddress": _ADDRESS,
        "note": "Ring twice",
    },
    addresses.AddressBody: _ADDRESS,
    addresses.AddressPatch: {"line2": "Third floor"},
    orders.OrderPatch: {"note": "Ring twice", "shippingAddress": _ADDRESS, "tags": ["fragile"]},
    orders.CancelBody: {"reason": "Changed my mind"},
    orders.ReturnBody: {"items": [{"productId": _PRODUCT, "quantity": 1}], "restock": True, "reason": "Wrong size"},
    wire_shipping.ShippingMethodBody: {
        "name": "Parcel",
        "price": 490,
        "currency": "EUR",
        "countries": ["DE", "AT"],
        "freeFrom": 5000,
    },
    wire_shipping.ShippingMethodPatch: {"price": 590},
    wire_settings.SettingsPatch: {
        "shopName": "Green Leaf",
        "currency": "EUR",
        "timeZone": "Europe/Berlin",
        "receiptLines": ["Thank you!", "Returns within 30 days"],
    },
    operations.BlockAddressBody: {"email": _EMAIL, "detail": "The mail came back"},
    wire_uploads.UploadBody: {"size": 7340032},
    wire_counts.OpenCountBody: {"location": "default", "name": "Spring", "category": "phone"},
    wire_counts.ScanBody: {"code": "PH-1", "quantity": 3},
    wire_counts.PostCountBody: {"notScanned": "keep"},
    wire_sales.SaleBody: {"items": [{"sku": "KB-MECH-001", "quantity": 1}], "location": "default"},
}
