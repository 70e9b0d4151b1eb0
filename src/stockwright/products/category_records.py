"""Access patterns of the managed list of categories: one small partition, read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockwright.base.names import name_key
from stockwright.base.record import Record
from stockwright.store.paging import whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockwright.store.batch import Batch
    from stockwright.store.port import Store


CATEGORIES: Final = "CATEGORIES"


class Category(Record, frozen=True):
    """A name of the managed list, shown as it was written and compared by its `name_key`.

    `renamed_from` is the name that products may still bear while a change of the name moves them along.
    """

    KIND = "CATEGORY"
    PARTITION = CATEGORIES
    key: str
    name: str
    renamed_from: str | None = None
    created_at: int = 0


def category_named(name: str, created_at: int = 0) -> Category:
    """Make a new category of that name."""
    return Category(name_key(name), name, created_at=created_at)


def find_category(categories: Iterable[Category], name: str) -> Category | None:
    """Find the category that a name means, in whatever way it is written."""
    wanted = name_key(name)
    return next((each for each in categories if name_key(each.name) == wanted), None)


async def list_categories(store: Store) -> list[Category]:
    """Read the managed list, in alphabetical order."""
    return sorted(
        (item.read(Category) for item in await whole(store, CATEGORIES)), key=lambda each: name_key(each.name)
    )


def put_category(batch: Batch, category: Category) -> None:
    """Write a category, expecting the version that it was loaded with; Stale where another has its key."""
    batch.put((CATEGORIES, category.key), category, category.version)


def use_category(batch: Batch, category: Category) -> None:
    """Let a product come into a category; Stale where it was removed or renamed meanwhile."""
    batch.add((CATEGORIES, category.key), {}, {})


def delete_category(batch: Batch, category: Category) -> None:
    """Remove a category; Stale where a product came into it since it was loaded."""
    batch.delete((CATEGORIES, category.key), category.version)
