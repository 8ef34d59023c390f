"""Filters for values in templates: times by a zone's clocks, numbers, and texts of several lines (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from app.i18n.clocks import zone_offset

CODE = re.compile("`([^`]*)`")
BREAK = Markup("<br>")


def moment(instant: datetime | None, zone: ZoneInfo) -> str:
    """Return the instant by the zone's clocks, to the minute, with how far these are from UTC; nothing of
    None.
    """
    if instant is None:
        return ""
    return f"{_clock_time(instant, zone)} {zone_offset(instant.astimezone(zone))}"


def _clock_time(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def day(instant: datetime | None, zone: ZoneInfo | None = None) -> str:
    """Return the day of the instant in the zone, or by the clocks that it is written by; nothing of None."""
    if instant is None:
        return ""
    return f"{instant if zone is None else instant.astimezone(zone):%Y-%m-%d}"


def grouped(number: int | None) -> str:
    """Return the number with commas between its thousands; nothing of None."""
    return "" if number is None else f"{number:,}"


def percent(share: str | Decimal) -> str:
    """Return the share in per cent, with all of its decimals."""
    return f"{(Decimal(share) * 100).normalize():f} %"


def rounded_percent(share: str | float) -> str:
    """Return the share in per cent, with three digits."""
    return f"{100 * float(share):.3g} %"


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


def classed(value: object, name: str) -> Markup:
    """Return the value as an element of that class."""
    return Markup('<span class="{}">{}</span>').format(name, value)


def marked(value: object, name: str, mark: str, code: str = "") -> Markup:
    """Return the value as an element of that class, with a mark by which it is coloured."""
    return Markup('<span class="{}" data-{}="{}">{}</span>').format(name, mark, code, value)


def strong(value: object) -> Markup:
    """Return the value so that it stands out."""
    return Markup("<b>{}</b>").format(value)


def short(value: str | None) -> Markup:
    """Return what is read as one word, as a date or a figure: it is on one line. Nothing of nothing."""
    return classed(value, "short") if value else Markup()


def span(ends: Iterable[str]) -> Markup:
    """Return both ends of a span, each on one line."""
    return Markup(" – ").join(short(end) for end in ends)


def with_element(sentence: str, element: Markup) -> Markup:
    """Return the sentence, in which the text of the element stands, with the element in its place."""
    return escape(sentence).replace(escape(element.striptags()), element, 1)


def code_marks(sentence: str) -> Markup:
    """Return the sentence, with text between backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(sentence))))  # noqa: S704 - the sentence is escaped


def plain_text(value: object) -> Markup:
    """Return the value as text, in which nothing is HTML."""
    return escape(value)


def link(address: str, words: object) -> Markup:
    """Return a link to the address."""
    return Markup('<a href="{}">{}</a>').format(address, words)


def time_element(instant: datetime, zone: ZoneInfo, words: str | None = None) -> Markup:
    """Return the instant as an element that programs can read, too, with the time by the clocks of the zone
    and how far these are from UTC. With `words`, such as "in 46 min", these are shown, and the time where one
    points at them, and in print.
    """
    local, time = instant.astimezone(zone), _clock_time(instant, zone)
    if words is None:
        element = Markup('<time datetime="{}">{} <small>{}</small></time>')
        return element.format(instant.isoformat(), time, zone_offset(local))
    title = f"{time} {zone_offset(local)}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(instant.isoformat(), title, words)


def bullets(entries: Iterable[object]) -> Markup:
    """Return the entries as a list."""
    return Markup("<ul>{}</ul>").format(
        Markup().join(Markup("<li>{}</li>").format(entry) for entry in entries)
    )


def small_table(heads: Iterable[object], rows: Iterable[Iterable[object]]) -> Markup:
    """Return a table among the facts of a record."""
    titles = Markup().join(Markup('<th scope="col">{}</th>').format(head) for head in heads)
    lines = (Markup().join(Markup("<td>{}</td>").format(cell) for cell in row) for row in rows)
    body = Markup().join(Markup("<tr>{}</tr>").format(line) for line in lines)
    return Markup(
        '<div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(titles, body)


def labelled(label: str, value: object) -> Markup:
    """Return a value with its label before it."""
    return classed(Markup("<b>{}</b> {}").format(label, value), "fact")


def folded(summary: str, value: object) -> Markup:
    """Return a value that its reader opens."""
    return Markup("<details><summary>{}</summary>{}</details>").format(summary, value)


def swatch(colour: str) -> Markup:
    """Return a colour, `#rrggbb`, with its code behind it."""
    return Markup(
        '<svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">'
        '<rect width="1" height="1" fill="{}"/></svg> {}'
    ).format(colour, colour)


FILTERS: Mapping[str, Callable[..., str]] = {
    "breaks": breaks,
    "classed": classed,
    "code_marks": code_marks,
    "day": day,
    "full_tag": full_tag,
    "grouped": grouped,
    "moment": moment,
    "paragraphs": paragraphs,
    "percent": percent,
    "rounded_percent": rounded_percent,
    "short": short,
    "span": span,
    "strong": strong,
    "with_element": with_element,
}
