"""Elements of drawings as SVG (pure). Everything that people have written is escaped here."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

from markupsafe import Markup, escape

#: Characters that XML 1.0 does not allow.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAMESPACE = "http://www.w3.org/2000/svg"
ELLIPSIS = "…"


def element(tag: str, *children: str, **attributes: object) -> Markup:
    """Return an element with these attributes and children, which are elements or text. `class_` is written
    `class`, `text_anchor` as `text-anchor`; attributes that are None are left out.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_clean(_written(value)))}"'
        for name, value in attributes.items()
        if value is not None
    )
    content = "".join(child if isinstance(child, Markup) else escape(_clean(child)) for child in children)
    html = f"<{tag}{written}>{content}</{tag}>" if children else f"<{tag}{written}/>"
    return Markup(html)  # noqa: S704 - each part of it has been escaped


def text(content: str, **attributes: object) -> Markup:
    """Return a text element."""
    return element("text", content, **attributes)


def document(width: float, height: float, *parts: str, role: str = "img", **attributes: object) -> Markup:
    """Return the parts as an SVG document of that size. A reader of the screen takes it as one image, unless
    it has another role: one with links is a `group`.
    """
    return element(
        "svg",
        *parts,
        xmlns=NAMESPACE,
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role=role,
        **attributes,
    )


def fitted(content: str, width: float, size: float) -> str:
    """Return the text on one line, cut with an ellipsis so that it fits into `width` at that font size.
    Widths are estimated without fonts.
    """
    line = " ".join(content.split())
    if text_width(line, size) <= width:
        return line
    cut, left = "", width - text_width(ELLIPSIS, size)
    for character in line:
        left -= text_width(character, size)
        if left < 0:
            break
        cut += character
    return f"{cut.rstrip()}{ELLIPSIS}" if cut else ""


def text_width(content: str, size: float) -> float:
    """Return how wide the text is at most at that font size, in usual fonts."""
    return sum(size if east_asian_width(character) in "WF" else size * 0.62 for character in content)


def _written(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return str(value)


def _clean(content: str) -> str:
    return FORBIDDEN.sub("\ufffd", content)
