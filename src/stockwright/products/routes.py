"""Routes of the categories."""

from __future__ import annotations

from stockwright.http.lists import show_list
from stockwright.http.route import Call, NoQuery, PlainCall, route
from stockwright.http.wire import ListView
from stockwright.products import categories
from stockwright.products.wire import CategoryBody, CategoryView


async def _categories(call: PlainCall) -> tuple[list[str], None]:
    return await categories.list_categories(call.app), None


async def _add_category(call: Call[CategoryBody, NoQuery]) -> str:
    return await categories.add_category(call.app, call.request, call.body.name)


async def _rename_category(call: Call[CategoryBody, NoQuery]) -> str:
    return await categories.rename_category(call.app, call.request, call.path["name"], call.body.name)


async def _delete_category(call: PlainCall) -> str:
    return await categories.delete_category(call.app, call.request, call.path["name"])


def _category(name: str) -> CategoryView:
    return CategoryView(name=name)


ROUTES = (
    route(
        "GET",
        "/categories",
        _categories,
        "List the categories",
        "Catalogue",
        lambda call, found: show_list(call, found, _category),
        who="any",
        answer=ListView[CategoryView],
        cached=True,
    ),
    route(
        "POST",
        "/categories",
        _add_category,
        "Add a category",
        "Catalogue",
        lambda _, name: _category(name),
        body=CategoryBody,
        answer=CategoryView,
        status=201,
        errors=(409,),
    ),
    route(
        "PATCH",
        "/categories/{name}",
        _rename_category,
        "Rename a category, in its products too",
        "Catalogue",
        lambda _, name: _category(name),
        body=CategoryBody,
        answer=CategoryView,
        errors=(404, 409),
    ),
    route(
        "DELETE",
        "/categories/{name}",
        _delete_category,
        "Delete a category without products",
        "Catalogue",
        lambda _, name: _category(name),
        answer=CategoryView,
        errors=(404, 409),
    ),
)
