"""What people read on a page: its texts, each with the label of its field and the elements that it is in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
UNREAD = frozenset({"script", "style", "template", "head"})
#: Fields and columns whose values are keys, and what programs are configured by.
OF_KEYS = frozenset({"Key", "Automatic mails"})
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CODE = re.compile(r"(?<![\w-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w-])")
PATH = re.compile(r"(?<!\w)/v1/")
MACHINE_WORD = re.compile(r"\bnull\b|undefined|`|\[a-z|\\d|\(\?")
JSON = re.compile(r'[{\[]\s*"[^"]*"\s*[:,\]]')
LONG_NUMBER = re.compile(r"(?<![\w.,-])(?:\d{5,}(?![-\w])|\d+\.0*[1-9]\d{4,})")
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
ZONE = re.compile(r"UTC|[A-Z][a-z]+/[A-Z]")
NAMES_APART = re.compile(r", | · ")


@dataclass(frozen=True)
class ShownText:
    """A text on a page, the label before it or the head of its column, and the elements that it is in."""

    text: str
    label: str
    elements: tuple[str, ...]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[ShownText] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self._label = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens the element."""
        if tag not in VOID:
            self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Closes the element, and those in it that were left open."""
        if any(tag == name for name, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Takes the text, if people see it."""
        elements, text = tuple(name for name, _ in self._open), " ".join(data.split())
        if not text or not UNREAD.isdisjoint(elements):
            return
        classes = {attributes.get("class") for _, attributes in self._open}
        heads = [attributes.get("data-head") for _, attributes in self._open]
        if "dt" in elements or "label" in classes:
            self._label = text
        label = next((head for head in reversed(heads) if head), self._label)
        self.texts.append(ShownText(text, label, elements))


def shown_texts(html: str) -> list[ShownText]:
    """The texts of the page's content."""
    reader = _Reader()
    reader.feed(f"<main{html.partition('<main')[2]}" if "<main" in html else html)
    return reader.texts


def unreadable(html: str, keys: Collection[str]) -> Iterator[str]:
    """What people cannot read on the page: keys of records, codes, ids, paths, JSON, and times without a
    zone.
    """
    for each in shown_texts(html):
        text = each.text
        if each.label in OF_KEYS or "pre" in each.elements:
            continue
        faults = {
            "key": any(part in keys for part in NAMES_APART.split(text)),
            "id": ID.search(text),
            "code": CODE.search(text),
            "path": PATH.search(text),
            "JSON": JSON.search(text),
            "machine word": MACHINE_WORD.search(text),
            "number": LONG_NUMBER.search(text),
            "time without a zone": TIME.search(text)
            and not ZONE.search(text)
            and "time" not in each.elements,
        }
        yield from (f"{fault}: {each.label}: {text[:80]}" for fault, match in faults.items() if match)
