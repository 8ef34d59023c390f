"""Elements of drawings as SVG text (pure). Everything that people have written is escaped here."""

from __future__ import annotations

import re
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

#: Characters that XML 1.0 does not allow.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ELLIPSIS = "…"


def element(tag: str, *children: str, **attributes: object) -> str:
    """Return an element with these attributes and children, which are elements or escaped text. `class_` is
    written `class`, `text_anchor` as `text-anchor`; attributes that are None are left out.
    """
    said = "".join(
        f" {name.rstrip('_').replace('_', '-')}={quoteattr(_clean(_written(value)))}"
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{said}>{''.join(children)}</{tag}>" if children else f"<{tag}{said}/>"


def text(content: str, **attributes: object) -> str:
    """Return a text element."""
    return element("text", escaped(content), **attributes)


def escaped(content: str) -> str:
    """Return the text as XML may contain it."""
    return escape(_clean(content))


def fitted(content: str, width: float, size: float) -> str:
    """Return the text, cut to the width that it has at that font size, as far as that can be told without
    fonts.
    """
    line = " ".join(content.split())
    if text_width(line, size) <= width:
        return line
    cut, left = "", width - text_width(ELLIPSIS, size)
    for one in line:
        left -= text_width(one, size)
        if left < 0:
            break
        cut += one
    return f"{cut.rstrip()}{ELLIPSIS}" if cut else ""


def text_width(content: str, size: float) -> float:
    """Return how wide the text is at most at that font size, in usual fonts."""
    return sum(size if east_asian_width(one) in "WF" else size * 0.62 for one in content)


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value)


def _clean(content: str) -> str:
    return FORBIDDEN.sub("\ufffd", content)
