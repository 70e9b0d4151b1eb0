"""The index of searched texts, by every three letters in a row: which items may have some texts, if those are few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw


LETTERS: Final = 3
RARE_MAX: Final = 2000
"""What as many items have is common: a list of them is filled by looking at its items in order."""
PICKED: Final = 2
"""So many groups of letters are looked up: the index reads all items of each."""
FEW: Final = 20
"""Where no more items have a group, a second one is not looked up."""
COUNTS_MAX: Final = 20_000
COMMON_MAX: Final = 1000


class Letters:
    """Finds how to look for texts. What it remembers of the file only says what is quicker: it may be outdated."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._counts: dict[str, int] = {}
        self._common: dict[tuple[str, ...], None] = {}

    def rare(self, texts: Sequence[str]) -> str | None:
        """Return the condition that the items with all of these texts meet; None where they are many, or unknown.

        Other items may meet it: only groups of the texts' letters are looked up, those that the fewest items have.
        """
        words = tuple(text for text in texts if len(text) >= LETTERS and "\x00" not in text)
        if not words or words in self._common:
            return None
        groups = {word[at : at + LETTERS] for word in words for at in range(len(word) - LETTERS + 1)}
        picked = sorted(groups, key=self._count_once)[:PICKED]
        few = self._count_once(picked[0])
        letters = " AND ".join(_quoted(each) for each in (picked[:1] if few <= FEW else picked))
        if few < RARE_MAX or self._count(letters) < RARE_MAX:
            return letters
        if len(self._common) >= COMMON_MAX:
            self._common.clear()
        self._common[words] = None
        return None

    def _count_once(self, group: str) -> int:
        count = self._counts.get(group)
        if count is None:
            if len(self._counts) >= COUNTS_MAX:
                self._counts.clear()
            count = self._counts[group] = self._count(_quoted(group))
        return count

    def _count(self, letters: str) -> int:
        found = "SELECT count(*) FROM (SELECT 1 FROM searched_text WHERE searched_text MATCH ? LIMIT ?)"
        return int(self._connection.execute(found, (letters, RARE_MAX)).get)


def _quoted(group: str) -> str:
    return '"' + group.replace('"', '""') + '"'
