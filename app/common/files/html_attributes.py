"""Attributes of HTML elements: their meaning for the text, read from their values and styles (pure)."""

from __future__ import annotations

import re
from html import unescape

_ATTRIBUTE = re.compile(
    r"([^\s=\"'/>]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))?)?|\"[^\"]*+\"|'[^']*+'"
)
# `mso-hide` hides from Outlook alone, which shows something else in its place.
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_COLOUR = re.compile(r"(?<![\w-])color\s*:\s*([^;!]{1,40})", re.IGNORECASE)
_STRUCK = re.compile(r"text-decoration[^;]*line-through", re.IGNORECASE)
_RAISED = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.IGNORECASE)
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:[^;]*\b(lower|upper)-(alpha|latin|roman)", re.IGNORECASE)
_INTEGER = re.compile(r"\s*(-?\d{1,9})")
_ROMAN = {1000: "m", 900: "cm", 500: "d", 400: "cd", 100: "c", 90: "xc", 50: "l", 40: "xl", 10: "x", 9: "ix"}
_ROMAN |= {5: "v", 4: "iv", 1: "i"}
#: Fields whose value is never shown.
_UNSEEN_FIELDS = frozenset({"file", "hidden", "image", "password"})
_MARKS = {"del": "~~", "s": "~~", "strike": "~~", "sub": "_", "sup": "^"}
_ITEM = re.compile(r"<li[\s>]", re.IGNORECASE)
#: Largest part of a reversed list that is read to find its first number.
_LONGEST_REVERSED = 2_000
_FRACTIONS = {"mfrac": "/", "msub": "_", "msup": "^"}
SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")


def attributes_of(attributes: str) -> dict[str, str]:
    """Return the values of the attributes by their names; of two with one name the first counts."""
    values: dict[str, str] = {}
    for name, *forms in _ATTRIBUTE.findall(attributes):
        values.setdefault(name.lower(), unescape("".join(forms)))
    return values


def is_hidden(attributes: dict[str, str]) -> bool:
    """Return whether the element is hidden from everybody."""
    return "hidden" in attributes or _HIDDEN.search(attributes.get("style", "")) is not None


def colour_of(attributes: dict[str, str]) -> str:
    """Return the colour of an element's text; empty without a colour of its own."""
    styled = _COLOUR.search(attributes.get("style", ""))
    return (attributes.get("color", "") if styled is None else styled[1]).strip().lower()


def mark_of(name: str, attributes: dict[str, str]) -> str:
    """Return the sign for an element's text that is struck out, raised or lowered; otherwise empty."""
    style = attributes.get("style", "")
    if (raised := _RAISED.search(style)) is not None:
        return "^" if raised[1].lower() == "super" else "_"
    return "~~" if _STRUCK.search(style) else _MARKS.get(name, "")


def fraction_sign(name: str) -> str:
    """Return the sign between the parts of such an element of a formula; empty if it needs no sign."""
    return _FRACTIONS.get(name, "")


def integer_of(attributes: dict[str, str], name: str, otherwise: int) -> int:
    """Return the number in the attribute of that name; `otherwise` without one."""
    number = _INTEGER.match(attributes.get(name, ""))
    return otherwise if number is None else int(number[1])


def count_items(html: str, begin: int) -> str:
    """Return the number of items of a list that begins there, as its attribute `start` writes it."""
    return str(len(_ITEM.findall(html[begin : begin + _LONGEST_REVERSED].partition("</ol")[0])))


def list_kind_of(attributes: dict[str, str]) -> str:
    """Return the kind of numbers as the attribute `type` names it: `1`, `a`, `A`, `i` or `I`."""
    style = _LIST_STYLE.search(attributes.get("style", ""))
    if style is None:
        return attributes.get("type", "1").strip()
    kind = "i" if style[2].lower() == "roman" else "a"
    return kind.upper() if style[1].lower() == "upper" else kind


def numeral(number: int, kind: str) -> str:
    """Return the number of a list's item as its kind writes it, as `iv` or `D`."""
    if kind.lower() == "i" and 0 < number < 4000:
        letters = ""
        for value, sign in _ROMAN.items():
            letters += sign * (number // value)
            number %= value
    elif kind.lower() == "a" and number > 0:
        letters = ""
        while number > 0:
            number, place = divmod(number - 1, 26)
            letters = chr(ord("a") + place) + letters
    else:
        return str(number)
    return letters.upper() if kind.isupper() else letters


def field_text(name: str, attributes: dict[str, str]) -> str:
    """Return what a field of a form shows: whether it is chosen, or its value."""
    kind = attributes.get("type", "text").strip().lower()
    if name == "option" or kind in ("checkbox", "radio"):
        is_chosen = "selected" in attributes or "checked" in attributes
        return f" [{'x' if is_chosen else ' '}] "
    value = "" if kind in _UNSEEN_FIELDS else SPACES.sub(" ", attributes.get("value", "")).strip()
    return f" [{value}] " if value else ""
