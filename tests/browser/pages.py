"""Every page of the web app: one line each. They are looked at by axe, and photographed, in test_pages.py."""

from __future__ import annotations

from typing import Literal, NamedTuple

AriaRole = Literal["button", "dialog", "heading", "menuitem"]
VISITOR, CUSTOMER, ADMIN = None, "mia@demo.example", "admin@demo.example"


class Shown(NamedTuple):
    """A page: its picture's name, its path, who looks, and a text by which it is ready.

    A path may name things of the demo shop: {product}, {order}; see test_pages.py.
    """

    name: str
    path: str
    who: str | None
    ready: str


PAGES = [
    Shown("landing", "/", VISITOR, "New on the shelf"),
    Shown("products", "/products", VISITOR, "All products"),
    Shown("products-signed-in", "/products?sort=priceAsc", CUSTOMER, "All products"),
    Shown("products-category", "/products?category=electronics", VISITOR, "Electronics"),
    Shown("products-nothing", "/products?search=unicorn", VISITOR, "Nothing matches these filters"),
    Shown("product", "/products/{product}", CUSTOMER, "Add to cart"),
    Shown("product-variants", "/products/{variants}", CUSTOMER, "Storage"),
    Shown("product-sold-out", "/products/{sold_out}", VISITOR, "You can order it here when"),
    Shown("product-gone", "/products/prd_none", VISITOR, "This product is not for sale"),
    Shown("cart", "/cart", CUSTOMER, "Summary"),
    Shown("cart-empty", "/cart", VISITOR, "Your cart is empty"),
    Shown("orders", "/orders", CUSTOMER, "Your orders"),
    Shown("orders-none", "/orders", ADMIN, "You have not ordered yet"),
    Shown("order", "/orders/{order}", CUSTOMER, "Details"),
    Shown("order-cancelled", "/orders/{cancelled}", CUSTOMER, "Details"),
    Shown("account", "/account", CUSTOMER, "Second factor"),
    Shown("login", "/login", VISITOR, "Welcome back"),
    Shown("signup", "/signup", VISITOR, "Create your account"),
    Shown("confirm", "/signup/confirm", VISITOR, "Check your mail"),
    Shown("forgot", "/password/forgot", VISITOR, "Forgot the password?"),
    Shown("reset", "/password/reset", VISITOR, "Set a new password"),
    Shown("setup", "/setup#token=some", VISITOR, "Set up your shop"),
    Shown("setup-incomplete", "/setup", VISITOR, "The link is incomplete"),
    Shown("not-found", "/nowhere", VISITOR, "This page does not exist"),
    Shown("staff-only", "/admin", CUSTOMER, "This page is for the shop's staff"),
    Shown("admin", "/admin", ADMIN, "Top products"),
    Shown("admin-orders", "/admin/orders", ADMIN, "Orders"),
    Shown("admin-order", "/admin/orders/{order}", ADMIN, "Timeline"),
    Shown("admin-inventory", "/admin/inventory", ADMIN, "Inventory"),
    Shown("admin-low-stock", "/admin/low-stock", ADMIN, "Low stock"),
    Shown("admin-movements", "/admin/movements", ADMIN, "Movements"),
    Shown("admin-reservations", "/admin/reservations", ADMIN, "Reservations"),
    Shown("admin-counts", "/admin/counts", ADMIN, "Counts"),
    Shown("admin-locations", "/admin/locations", ADMIN, "Locations"),
    Shown("admin-products", "/admin/products", ADMIN, "Products"),
    Shown("admin-product", "/admin/products/{product}", ADMIN, "Description"),
    Shown("admin-product-variants", "/admin/products/{variants}", ADMIN, "Add a variant"),
    Shown("admin-product-new", "/admin/products/new", ADMIN, "Description"),
    Shown("admin-categories", "/admin/categories", ADMIN, "Categories"),
    Shown("admin-imports", "/admin/imports", ADMIN, "Former imports"),
    Shown("admin-users", "/admin/users", ADMIN, "Users"),
    Shown("admin-api-keys", "/admin/api-keys", ADMIN, "API keys"),
    Shown("admin-mailbox", "/admin/mailbox", ADMIN, "Mailbox"),
    Shown("admin-events", "/admin/events", ADMIN, "Events"),
    Shown("admin-dead-letters", "/admin/dead-letters", ADMIN, "Dead letters"),
    Shown("admin-till", "/admin/till", ADMIN, "Till"),
]


class Opened(NamedTuple):
    """What opens on a page: its picture's name, where it is, who looks, what is clicked, what shows then."""

    name: str
    path: str
    who: str | None
    clicks: tuple[tuple[AriaRole, str], ...]
    shows: tuple[AriaRole, str]


OPENED = [
    Opened("palette", "/", CUSTOMER, (("button", "Search"),), ("dialog", "Command palette")),
    Opened("theme", "/", VISITOR, (("button", "Theme"),), ("menuitem", "Dark")),
    Opened("account-menu", "/", ADMIN, (("button", "Account"),), ("menuitem", "Sign out")),
    Opened("back-office", "/admin/users", ADMIN, (("button", "More"),), ("dialog", "Back office")),
    Opened("user-menu", "/admin/users", ADMIN, (("button", "Change mia@"),), ("menuitem", "Disable")),
    Opened(
        "user-disable",
        "/admin/users",
        ADMIN,
        (("button", "Change mia@"), ("menuitem", "Disable")),
        ("dialog", "Disable Mia Okafor?"),
    ),
    Opened("adjust", "/admin/inventory", ADMIN, (("button", "Adjust Gift Card"),), ("dialog", "Gift Card")),
    Opened("why", "/admin/inventory", ADMIN, (("button", "available: why?"),), ("heading", "By location")),
    Opened("new-count", "/admin/counts", ADMIN, (("button", "New count"),), ("dialog", "New count")),
    Opened("location", "/admin/locations", ADMIN, (("button", "Add a location"),), ("dialog", "Add a location")),
    Opened("new-key", "/admin/api-keys", ADMIN, (("button", "New API key"),), ("dialog", "New API key")),
    Opened("return", "/admin/orders/{order}", ADMIN, (("button", "Return"),), ("dialog", "Returned units")),
    Opened("cancel", "/admin/orders/{open}", ADMIN, (("button", "Cancel order"),), ("dialog", "Cancel this order?")),
    Opened("variant", "/admin/products/{variants}", ADMIN, (("button", "Change"),), ("dialog", "Graphite")),
    Opened(
        "spread",
        "/admin/products/{product}",
        ADMIN,
        (("button", "Give each its own stock"),),
        ("dialog", "Give each variant its own stock"),
    ),
    Opened("delete", "/admin/products/{product}", ADMIN, (("button", "Delete"),), ("dialog", "Delete")),
    Opened("mail", "/admin/mailbox", ADMIN, (("button", "Order Confirmation"),), ("dialog", "Order Confirmation")),
    # About that order alone: every visit signs in, which soon fills the first page of all events.
    Opened(
        "event",
        "/admin/events?subject={open}",
        ADMIN,
        (("button", "Order confirmed"),),
        ("dialog", "Order confirmed"),
    ),
    Opened("receipt", "/admin/till", ADMIN, (("button", "#"),), ("dialog", "Receipt")),
]
