"""The words in a calendar file that comes with a mail (RFC 5545, RFC 5546). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

#: Largest part of a calendar file that is read, in characters; an invitation is hardly longer.
LONGEST_CALENDAR = 200_000
#: Largest number of listed entries of a series with its exceptions.
MOST_ENTRIES = 5
_FOLD = re.compile(r"\r?\n[ \t]")
_PROPERTY = re.compile(r"(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;(?:\"[^\"]*\"|[^\":])*)?):(?P<value>.*)")
_RESPONSE = re.compile(r";X-RESPONSE-COMMENT=(?:\"([^\"]*)\"|([^;:\"]*))", re.IGNORECASE)
_ZONE = re.compile(r";TZID=\"?([^\";:]{1,100})", re.IGNORECASE)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ESCAPED = re.compile(r"\\(.)")
_ENTRIES = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
#: Answers to one of our invitations, which contain only the sender's reply.
_ANSWERS = frozenset({"REPLY", "REFRESH"})


class CalendarProperty(NamedTuple):
    """A line of an entry: its name in capitals, its parameters as they were sent, and its value."""

    name: str
    parameters: str
    value: str


def calendar_words(calendar: str) -> list[str]:
    """Return the paragraphs of the entries of a calendar file: comments of people who answer; for
    invitations, cancellations and other proposals also their title, time, place and description.
    """
    lines = _FOLD.sub("", calendar[:LONGEST_CALENDAR]).splitlines()
    properties = [CalendarProperty(p[1].upper(), p[2], p[3]) for p in map(_PROPERTY.fullmatch, lines) if p]
    method = next((each.value.strip().upper() for each in properties if each.name == "METHOD"), "")
    paragraphs: dict[str, None] = {}
    for entry in list(_entries(properties))[:MOST_ENTRIES]:
        words = {name: _texts(entry, name) for name in ("SUMMARY", "LOCATION", "DESCRIPTION", "COMMENT")}
        texts = [*words["COMMENT"], *_responses(entry)]
        if method not in _ANSWERS:
            place = [" – ".join(_times(entry)), *words["LOCATION"]]
            # Another time is proposed for what we know.
            titles = () if method == "COUNTER" else (*words["SUMMARY"], *words["DESCRIPTION"])
            texts = [*titles[:1], "\n".join(filter(None, place)), *titles[1:], *texts]
        paragraphs |= dict.fromkeys(filter(None, texts))
    return list(paragraphs)


def _entries(properties: list[CalendarProperty]) -> Iterator[list[CalendarProperty]]:
    """Yield the properties of each entry, without those of its alarms."""
    inner: list[str] = []
    entry: list[CalendarProperty] = []
    for each in properties:
        if each.name == "BEGIN":
            inner.append(each.value.strip().upper())
        elif each.name == "END" and inner:
            if inner.pop() in _ENTRIES:
                yield entry
                entry = []
        elif inner and inner[-1] in _ENTRIES:
            entry.append(each)


def _texts(entry: list[CalendarProperty], name: str) -> list[str]:
    return [_unescaped(each.value) for each in entry if each.name == name]


def _responses(entry: list[CalendarProperty]) -> list[str]:
    """Return the comments that Google's calendar adds to those who answer."""
    matches = (_RESPONSE.search(each.parameters) for each in entry if each.name == "ATTENDEE")
    return [_unescaped(match[1] or match[2]) for match in matches if match]


def _times(entry: list[CalendarProperty]) -> list[str]:
    """Return when the entry begins and ends, each with its zone."""
    times = []
    for each in (each for name in ("DTSTART", "DTEND", "DUE") for each in entry if each.name == name):
        if (read := _TIME.match(each.value)) is None:
            continue
        zone = _ZONE.search(each.parameters)
        hour = f" {read[4]}:{read[5]}" if read[4] else ""
        named = " UTC" if read[6] else f" ({zone[1]})" if zone and hour else ""
        times.append(f"{read[1]}-{read[2]}-{read[3]}{hour}{named}")
    return times


def _unescaped(value: str) -> str:
    """Return a text (RFC 5545, 3.3.11)."""
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value).strip()
