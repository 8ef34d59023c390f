"""Writer of event logs in XES (IEEE 1849-2016): a trace for each case, with its events."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID
from xml.sax.saxutils import quoteattr

from app.exchange.writers.cases import ExportedCase, ExportedCases, ExportedEvent, event_count, team_keys
from app.exchange.writers.whole_files import ExportRefused, whole_file
from app.platform.db import Connection

SUFFIXES = (".xes", ".xes.gz")
COMPRESSION = 6
#: Characters that XML 1.0 has no way to write (section 2.2).
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <global scope="trace">
    <string key="concept:name" value=""/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>
    <string key="lifecycle:transition" value="complete"/>
  </global>
  <classifier name="Activity" keys="concept:name"/>
"""


@dataclass(frozen=True, slots=True)
class WrittenCases:
    """How many cases, events and variants a file has, and the position of the log that they are up to."""

    cases: int
    events: int
    variants: int
    position: int


async def write_xes(
    connection: Connection, cases: ExportedCases, path: Path, progress: Callable[[int, int], None]
) -> WrittenCases:
    """Write the cases to a file, which gets its name when it is whole. `progress` receives the number of
    written cases. Raises ExportRefused, DatabaseGone.
    """
    if not path.name.endswith(SUFFIXES):
        raise ExportRefused(f"{path.name} should end in {' or '.join(SUFFIXES)}.")
    total, expected = await cases.count(connection), await event_count(connection, cases)
    keys = await team_keys(connection)
    count, events, variants = 0, 0, set[tuple[str, ...]]()
    with whole_file(path) as part, _text_file(part, compressed=path.name.endswith(".gz")) as file:
        file.write(HEADER)
        file.writelines(_log_attributes(cases))
        async for portion in cases.portions(connection):
            for case in portion:
                file.writelines(_trace(case, keys))
                variants.add(tuple(event.type for event in case.events))
                events += len(case.events)
            count += len(portion)
            progress(count, total)
        file.write("</log>\n")
    assert (count, events) == (total, expected), "the file has what conformance counts"
    return WrittenCases(count, events, len(variants), cases.position)


@contextmanager
def _text_file(path: Path, *, compressed: bool) -> Iterator[IO[str]]:
    if not compressed:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    with gzip.open(path, "wt", compresslevel=COMPRESSION, encoding="utf-8", newline="\n") as file:
        yield file


def _log_attributes(cases: ExportedCases) -> Iterator[str]:
    question = cases.question
    yield _attribute("  ", "concept:name", question.kind)
    yield _attribute("  ", "source", "ledgerdesk")
    yield _attribute("  ", "from", question.begin)
    yield _attribute("  ", "to", question.end)
    yield _attribute("  ", "open", question.open)
    yield _attribute("  ", "steps", question.steps.value)
    yield _attribute("  ", "position", cases.position)


def _trace(case: ExportedCase, keys: dict[str, str]) -> Iterator[str]:
    yield "  <trace>\n"
    yield _attribute("    ", "concept:name", case.fields.get("number", case.id))
    yield _attribute("    ", "case:id", case.id)
    yield _attribute("    ", "case:source", case.source)
    yield _attribute("    ", "case:started_at", case.started_at)
    if case.ended_at is not None:
        yield _attribute("    ", "case:ended_at", case.ended_at)
    for name, field in case.fields.items():
        if name == "number":
            continue
        if isinstance(field, UUID) and str(field) in keys:
            yield _attribute("    ", name.removesuffix("_id"), keys[str(field)])
        else:
            yield _attribute("    ", name, field)
    for event in case.events:
        yield from _event(event, keys)
    yield "  </trace>\n"


def _event(event: ExportedEvent, keys: dict[str, str]) -> Iterator[str]:
    fields = event.fields_then
    yield "    <event>\n"
    yield _attribute("      ", "concept:name", event.type)
    yield _attribute("      ", "lifecycle:transition", "complete")
    yield _attribute("      ", "time:timestamp", event.occurred_at)
    yield _attribute("      ", "org:resource", event.actor)
    if (team := fields.get("team_id")) is not None:
        yield _attribute("      ", "org:group", keys.get(team, team))
    for name in ("state", "service", "assignee_id"):
        if (field := fields.get(name)) is not None:
            yield _attribute("      ", name, field)
    yield _attribute("      ", "event_id", event.id)
    yield _attribute("      ", "position", event.position)
    yield "    </event>\n"


def _attribute(indent: str, key: str, content: Any) -> str:
    """Return an attribute, of the type that its content has."""
    if isinstance(content, bool):
        tag, text = "boolean", str(content).lower()
    elif isinstance(content, int):
        tag, text = "int", str(content)
    elif isinstance(content, datetime):
        tag, text = "date", content.astimezone(UTC).isoformat(timespec="milliseconds")
    else:
        tag, text = "string", NOT_IN_XML.sub("\ufffd", str(content))
    return f"{indent}<{tag} key={quoteattr(key)} value={quoteattr(text)}/>\n"
