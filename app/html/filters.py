"""What templates do with a value: times by a zone's clocks, numbers, and texts of several lines (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

CODE = re.compile("`([^`]*)`")
BREAK = Markup("<br>")


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """Return the instant by the zone's clocks, to the minute."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def day(instant: datetime, zone: ZoneInfo) -> str:
    """Return the day of the instant in the zone."""
    return f"{instant.astimezone(zone):%Y-%m-%d}"


def grouped(number: int) -> str:
    """Return the number with commas between its thousands."""
    return f"{number:,}"


def full_tag(language: str) -> str:
    """Return the tag of the language by which a browser chooses its font."""
    return "zh-CN" if language == "zh" else language


def paragraphs(text: str | None) -> Markup:
    """Return the text as paragraphs, one of each of its lines."""
    lines = (line for line in (text or "").splitlines() if line.strip())
    return Markup().join(Markup("<p>{}</p>").format(line) for line in lines)


def breaks(text: str) -> Markup:
    """Return the text with its line breaks."""
    return BREAK.join(text.split("\n"))


def short(value: object) -> Markup:
    """Return what is read as one word, as a date or a figure: it is on one line."""
    return Markup('<span class="short">{}</span>').format(value)


def code_marks(sentence: str) -> Markup:
    """Return the sentence, with text between backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", escape(sentence)))  # noqa: S704 - the sentence is escaped


FILTERS: Mapping[str, Callable[..., str]] = {
    "breaks": breaks,
    "code_marks": code_marks,
    "day": day,
    "full_tag": full_tag,
    "grouped": grouped,
    "moment": moment,
    "paragraphs": paragraphs,
    "short": short,
}
