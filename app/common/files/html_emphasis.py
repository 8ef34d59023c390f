"""Emphasis in HTML, by which people mark their answers within the words that they quote (pure)."""

from __future__ import annotations

import re
from enum import IntEnum

from app.common.files.html_attributes import colour_of

_HEX_COLOUR = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")
_BACKGROUND = re.compile(r"(?:background(?:-color)?|mso-highlight)\s*:\s*([^;!]{1,40})", re.IGNORECASE)
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
#: A selector of a class in a style sheet, also of one element, as `span.answer`.
_CLASS = re.compile(r"\s*[a-z0-9]{0,10}\.([\w-]{1,60})\s*", re.IGNORECASE)
_MOST_CLASSES, _LONGEST_STYLE = 500, 2_000
#: Shapes of pages have backgrounds; people mark words.
_INLINE = frozenset({"b", "em", "font", "i", "mark", "s", "span", "strong", "u"})
_STRONG_COLOURS = frozenset(
    {"blue", "crimson", "darkgreen", "darkred", "fuchsia", "green", "lime", "magenta", "maroon", "orange"}
    | {"orangered", "purple", "red", "teal", "violet"}
)
_WEAK_COLOURS = frozenset(
    {"brown", "darkblue", "darkmagenta", "firebrick", "indigo", "midnightblue", "navy", "olive", "royalblue"}
    | {"saddlebrown", "seagreen", "sienna", "steelblue"}
)
_HIGHLIGHTS = _STRONG_COLOURS | {"aqua", "cyan", "gold", "lightgreen", "lightyellow", "pink", "yellow"}
#: How far the parts of a colour are from grey.
_STRONG, _WEAK, _HIGHLIGHT = 100, 60, 40


class Emphasis(IntEnum):
    """How surely somebody has emphasised words to mark them."""

    none = 0
    weak = 1
    strong = 2


class OpenEmphasis:
    """The emphasis of the elements that are open. Bold text and dark colours are weak: the quoted person may
    have written so, too.
    """

    def __init__(self) -> None:
        #: How many elements and quotations were open with each, the emphasis of its colour (None: it has no
        #: colour of its own), and that of its other marks.
        self._open: list[tuple[int, int, Emphasis | None, Emphasis]] = []
        self._classes: dict[str, str] = {}

    def read_styles(self, css: str) -> None:
        """Take in the rules of a style sheet for classes."""
        for rule in css.split("}"):
            selectors, _, style = rule.rpartition("{")
            for each in selectors.split(","):
                selector = _CLASS.fullmatch(each)
                if selector is not None and len(self._classes) < _MOST_CLASSES:
                    self._classes[selector[1].lower()] = style[:_LONGEST_STYLE]

    def open(self, depth: int, quotes: int, name: str, attributes: dict[str, str]) -> None:
        """Take in an element that begins."""
        classes = [self._classes.get(each.lower(), "") for each in attributes.get("class", "").split()[:5]]
        style = ";".join((*classes, attributes.get("style", "")))
        colour = colour_of(attributes | {"style": style})
        mark = _mark_emphasis(name, style)
        if colour or mark:
            self._open.append((depth, quotes, _colour_emphasis(colour) if colour else None, mark))

    def close(self, depth: int) -> None:
        """End the elements beyond that depth."""
        while self._open and self._open[-1][0] > depth:
            self._open.pop()

    def level(self, quotes: int) -> Emphasis:
        """Return the emphasis of text that stands here, in so many quotations."""
        within = [each for each in self._open if each[1] == quotes]
        colours = [colour for _, _, colour, _ in within if colour is not None]
        return max([*colours[-1:], *(mark for *_, mark in within)], default=Emphasis.none)


def _mark_emphasis(name: str, style: str) -> Emphasis:
    if name == "mark":
        return Emphasis.strong
    background = _BACKGROUND.search(style) if name in _INLINE else None
    if background is not None and _is_highlight(background[1].strip().lower()):
        return Emphasis.strong
    is_bold = name in ("b", "strong") or _BOLD.search(style) is not None
    return Emphasis.weak if is_bold else Emphasis.none


def _colour_emphasis(colour: str) -> Emphasis:
    distance = _distance_from_grey(colour)
    if distance is None:
        is_weak = colour in _WEAK_COLOURS
        return Emphasis.strong if colour in _STRONG_COLOURS else Emphasis.weak if is_weak else Emphasis.none
    return Emphasis.strong if distance >= _STRONG else Emphasis(int(distance >= _WEAK))


def _is_highlight(colour: str) -> bool:
    distance = _distance_from_grey(colour)
    return colour in _HIGHLIGHTS if distance is None else distance >= _HIGHLIGHT


def _distance_from_grey(colour: str) -> int | None:
    """Return how far the parts of a colour are from each other; None: it is not written in numbers."""
    digits = _HEX_COLOUR.fullmatch(colour)
    if digits is not None:
        width = len(digits[1]) // 3
        parts = [int(digits[1][n : n + width] * (3 - width), 16) for n in range(0, 3 * width, width)]
    else:
        parts = [int(part) for part in re.findall(r"\d{1,3}", colour)[:3]] if colour.startswith("rgb") else []
    return max(parts) - min(parts) if len(parts) == 3 else None
