"""The words that a page shows, reads out or offers, piece by piece."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

#: Elements whose content is no text of the page: programs, styles, and what a person types.
NOT_READ = frozenset({"script", "style", "textarea", "template"})
#: Elements with a value to be copied or typed as it is.
COPIED = frozenset({"code", "pre", "kbd"})
#: Attributes that are shown or read out.
READ_ATTRIBUTES = ("title", "aria-label", "placeholder", "alt")
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
#: Elements within a line of text.
INLINE = frozenset({"a", "abbr", "b", "em", "i", "s", "small", "span", "strong", "time", "tspan", "wbr"})
SPACE = re.compile(r"\s+")


@dataclass
class _Reader(HTMLParser):
    """Reads a page; `pieces` are its texts, and `copied` the values that are to be copied."""

    pieces: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _line: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a new piece at elements that are no part of a line."""
        attributes = dict(attrs)
        if tag not in INLINE and tag not in COPIED:
            self.end_line()
        self.pieces += [attributes[name] or "" for name in READ_ATTRIBUTES if attributes.get(name)]
        if tag == "input" and attributes.get("type") in ("submit", "button"):
            self.pieces.append(attributes.get("value") or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and those within it that have no end tag."""
        while tag in self._open and self._open.pop() != tag:
            pass
        if tag not in INLINE and tag not in COPIED:
            self.end_line()

    def handle_data(self, data: str) -> None:
        """Take the text, unless nobody reads it."""
        if NOT_READ.intersection(self._open):
            return
        if COPIED.intersection(self._open):
            self.copied.append(data)
            self._line += "·"
        else:
            self._line += data

    def end_line(self) -> None:
        """End the piece that is being read."""
        if text := SPACE.sub(" ", self._line).strip():
            self.pieces.append(text)
        self._line = ""


def shown_texts(html: str) -> list[str]:
    """Return the pieces of text of the page, each once; what is to be copied is a dot in them."""
    return list(dict.fromkeys(_read(html).pieces))


def copied_values(html: str) -> list[str]:
    """Return the values of the page that are to be copied."""
    return list(dict.fromkeys(_read(html).copied))


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_line()
    return reader
