"""Reader of event logs in XES (IEEE 1849): traces of events, each event a case as it stood after a change.

The file is read as a stream of tags, never as a tree: the header before its first trace may be longer than
all traces. A document type is refused, and with it every entity that could expand.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any
from xml.parsers import expat

from app.exchange.mapping import FileMapping
from app.exchange.readers.delimited import MappedRows
from app.exchange.readers.lines import BLOCK, KEPT_OF_TOO_LARGE, LARGEST_ROW, CellRow
from app.exchange.readers.rows import FileRefused, Format, RefusedRow, SourceRow
from app.exchange.readers.table import peek_rows

MOST_DEPTH = 100
MOST_ATTRIBUTES = 1_000
#: Most bytes of one tag, since the parser keeps a tag in memory until it is complete.
LARGEST_TAG = 4 * LARGEST_ROW
#: Prefix of the name of a trace's attribute, since its events may have an attribute of the same name.
TRACE_PREFIX = "trace:"
#: The column with all attributes that the mapping does not name, as one JSON object.
OTHERS_COLUMN = "other attributes"
TOO_LARGE = f"the event has more than {LARGEST_ROW:,} characters, or than {MOST_ATTRIBUTES:,} attributes"
VALUE_TAGS = frozenset({"string", "date", "int", "float", "boolean", "id"})


@dataclass(frozen=True)
class Xes:
    """Reads XES by a mapping. `given_zone` takes precedence over the zone of the mapping."""

    mapping: FileMapping
    now: datetime
    given_zone: str | None = None
    format: Format = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "format", self.mapping.format("xes"))

    @property
    def zone(self) -> str:
        """The zone of times without one; empty if every time has an offset."""
        return self.given_zone or self.mapping.zone or ""

    def read(self, block: Callable[[int], bytes]) -> Iterator[SourceRow | RefusedRow]:
        """Reads the events, in the order of the file or of their sequence attribute. Raises FileRefused."""
        columns = list(dict.fromkeys([*self.mapping.keys_by_column, *sorted(self.mapping.plain)]))
        log = _LogParser(columns, self.mapping)
        rows = log.rows(block)
        ahead = peek_rows(rows)
        self._check(ahead, log.attribute_names)
        mapped = MappedRows(self.mapping, self.format, self.zone, self.now, OTHERS_COLUMN)
        yield from mapped.read([*columns, OTHERS_COLUMN], chain(ahead, rows))

    def _check(self, ahead: list[CellRow | RefusedRow], met: set[str]) -> None:
        """Raises FileRefused if there are no events, or if all of the first events lack an attribute that the
        mapping needs.
        """
        if not ahead:
            raise FileRefused("The file has no events.")
        absent = [column for column in self.mapping.needed_columns if column not in met]
        if absent and met:
            missing_keys = ", ".join(
                f"{column!r} ({self.mapping.keys_by_column[column]} of the mapping)" for column in absent
            )
            keys = ", ".join(map(repr, sorted(met)))
            raise FileRefused(
                f"The first events have no attribute {missing_keys}. Their attributes are: {keys}."
            )


class _LogParser:
    """Parses a log into its events as rows. `attribute_names` are the names of all attributes so far."""

    def __init__(self, columns: list[str], mapping: FileMapping) -> None:
        self._columns = columns
        self._named = frozenset(columns) | mapping.ignore
        self._missing = mapping.missing
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._path: list[str] = []
        self._trace: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._size = 0
        # Depth of the element that exceeded the size limit, a trace or an event; 0 if the limit was kept.
        self._cut = 0
        self._line = 0
        self._ready: deque[CellRow | RefusedRow] = deque()
        self.attribute_names: set[str] = set()

    def rows(self, block: Callable[[int], bytes]) -> Iterator[CellRow | RefusedRow]:
        """Return the events as rows: the cells of the columns, and the cell of all other attributes at the
        end.
        """
        fed = 0
        while True:
            data = block(BLOCK)
            try:
                self._parser.Parse(data, not data)
            except expat.ExpatError as error:
                why = expat.errors.messages.get(error.code, str(error))
                where = f"in line {error.lineno}, column {error.offset + 1}"
                raise FileRefused(f"The file is not well-formed XML: {why} {where}.") from error
            fed += len(data)
            while self._ready:
                yield self._ready.popleft()
            if not data:
                return
            if fed - self._parser.CurrentByteIndex > LARGEST_TAG:
                raise FileRefused(
                    f"A tag in line {self._parser.CurrentLineNumber} is longer than {LARGEST_TAG:,} bytes."
                )

    def _doctype(self, *_: Any) -> None:
        raise FileRefused(
            "The file declares a document type (<!DOCTYPE …>), which XES does not have, and which may hide "
            "entities. Remove it."
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        path = self._path
        if not path and tag != "log":
            raise FileRefused(f"The file is not XES: it begins with <{tag}>, not with <log>.")
        path.append(tag)
        if len(path) > MOST_DEPTH:
            line = self._parser.CurrentLineNumber
            raise FileRefused(f"The tags in line {line} are nested more than {MOST_DEPTH} deep.")
        if path == ["log", "trace"]:
            self._trace = {}
            self._size = self._cut = 0
        elif tag == "event" and path in (["log", "trace", "event"], ["log", "event"]):
            self._event = {}
            self._line = self._parser.CurrentLineNumber
            self._size = sum(map(len, self._trace.values()))
            if self._cut == len(path):
                self._cut = 0
        elif tag in VALUE_TAGS and path[:-1] == ["log", "trace", "event"]:
            self._add_attribute(self._event, attributes.get("key", ""), attributes.get("value", ""))
        elif tag in VALUE_TAGS and path[:-1] == ["log", "trace"]:
            self._add_attribute(
                self._trace, TRACE_PREFIX + attributes.get("key", ""), attributes.get("value", "")
            )

    def _add_attribute(self, attributes: dict[str, str], key: str, value: str) -> None:
        self._size += len(key) + len(value)
        if self._size <= LARGEST_ROW and len(attributes) < MOST_ATTRIBUTES:
            attributes[key] = value
        else:
            self._cut = self._cut or len(self._path) - 1

    def _end(self, name: str) -> None:
        path = self._path
        if path[-1] == "event" and path in (["log", "trace", "event"], ["log", "event"]):
            self._ready.append(self._row(self._trace if len(path) == 3 else {}))
        elif path == ["log", "trace"]:
            self._trace = {}
        path.pop()

    def _row(self, trace: dict[str, str]) -> CellRow | RefusedRow:
        attributes = trace | self._event if trace else self._event
        if len(self.attribute_names) <= MOST_ATTRIBUTES:
            self.attribute_names.update(attributes)
        if self._cut:
            return RefusedRow(self._line, "too_large", TOO_LARGE, str(attributes)[:KEPT_OF_TOO_LARGE])
        cells = [attributes.get(column, "") for column in self._columns]
        extra_attributes = {
            key: value.strip()
            for key, value in attributes.items()
            if not (key in self._named or value.strip().lower() in self._missing)
        }
        cells.append(
            json.dumps(extra_attributes, ensure_ascii=False, sort_keys=True) if extra_attributes else ""
        )
        return self._line, cells, self._size
