"""Access patterns of the managed list of categories: one small partition, read whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stockwright.base.names import name_key
from stockwright.store.paging import whole
from stockwright.store.parsing import once
from stockwright.store.port import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.store.batch import Batch
    from stockwright.store.port import Body, Item, Store


CATEGORIES: Final = "CATEGORIES"


@dataclass(frozen=True, slots=True)
class Category:
    """A name of the managed list, shown as it was written and compared by its `name_key`.

    `renamed_from` is the name that products may still bear while a change of the name moves them along.
    """

    key: str
    name: str
    renamed_from: str | None = None
    created_at: int = 0
    version: int = ABSENT


def category_named(name: str, created_at: int = 0) -> Category:
    """Make a new category of that name."""
    return Category(name_key(name), name, created_at=created_at)


def find_category(categories: Iterable[Category], name: str) -> Category | None:
    """Find the category that a name means, in whatever way it is written."""
    wanted = name_key(name)
    return next((each for each in categories if name_key(each.name) == wanted), None)


async def list_categories(store: Store) -> list[Category]:
    """Read the managed list, in alphabetical order."""
    return sorted((category_of(item) for item in await whole(store, CATEGORIES)), key=lambda each: name_key(each.name))


def put_category(batch: Batch, category: Category) -> None:
    """Write a category, expecting the version that it was loaded with; Stale where another has its key."""
    body: Body = {"name": category.name, "createdAt": category.created_at, "renamedFrom": category.renamed_from}
    batch.put((CATEGORIES, category.key), body, category.version)


def use_category(batch: Batch, category: Category) -> None:
    """Let a product come into a category; Stale where it was removed or renamed meanwhile."""
    batch.add((CATEGORIES, category.key), {}, {})


def delete_category(batch: Batch, category: Category) -> None:
    """Remove a category; Stale where a product came into it since it was loaded."""
    batch.delete((CATEGORIES, category.key), category.version)


@once("CATEGORY")
def category_of(item: Item) -> Category:
    """Read a category from its item."""
    body = item.body
    return Category(item.key[1], body["name"], body["renamedFrom"], body["createdAt"], item.version)
