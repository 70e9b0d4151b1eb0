"""HTML of a description → plain text: blocks become lines, entries of lists get a dash."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

BLOCKS: Final = frozenset({
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul",
})  # fmt: skip
UNSHOWN: Final = frozenset({"head", "script", "style", "template", "title"})

_TAG: Final = re.compile(r"<(?:/?[a-zA-Z]|!--)")
_ENTITY: Final = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]\w{1,30});")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r" *\n[ \n]*")
_BREAK: Final = "\x1e"
"""A line break that a tag makes; those of the source are blanks."""


def text_of(html: str) -> str:
    """Return the text of HTML; what has no tag and no entity is text already, with its own lines."""
    if not _TAG.search(html):
        return html.strip() if not _ENTITY.search(html) else _lines(_parsed(html.replace("\n", _BREAK)))
    return _lines(_parsed(html))


def _parsed(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


def _lines(text: str) -> str:
    one = _BLANKS.sub(" ", text.replace("\n", " ").replace("\r", " ").replace("\u00a0", " "))
    return _LINES.sub("\n", one.replace(_BREAK, "\n")).strip()


class _Reader(HTMLParser):
    """Gathers what is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unshown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in UNSHOWN:
            self._unshown += 1
        elif tag == "br" or tag in BLOCKS:
            self.parts.append(f"{_BREAK}- " if tag == "li" else _BREAK)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSHOWN:
            self._unshown = max(0, self._unshown - 1)
        elif tag in BLOCKS:
            self.parts.append(_BREAK)

    def handle_data(self, data: str) -> None:
        if not self._unshown:
            self.parts.append(data)
