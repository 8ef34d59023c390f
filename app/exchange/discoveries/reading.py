"""Reader of the file of a discovery: a configuration item per line, as CSV with a heading or as NDJSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from app.exchange.readers.lines import UTF8, DelimitedRows, lines
from app.exchange.readers.rows import FileRefused, RefusedRow
from app.foundation.cis.payloads import LARGEST_INTEGER, MOST_SERVICES, AttributeKey
from app.foundation.cis.records import CiClass
from app.foundation.discoveries.queries import DiscoveryFault
from app.foundation.discoveries.records import DiscoveryFailure, DiscoveryFormat
from app.kernel.actions.payloads import LONGEST_LIST, RecordKey, ShortText

#: Most lines of a file, the heading of a CSV not counted.
MOST_LINES = 50_000
SERVICE_SEPARATOR = ";"
#: Fields of an item that are not among its attributes.
OWN_FIELDS = ("key", "name", "ci_class", "services")
CLASSES = {ci_class.value for ci_class in CiClass}
TEXT: TypeAdapter[str] = TypeAdapter(ShortText)
KEY: TypeAdapter[str] = TypeAdapter(RecordKey)
ATTRIBUTE: TypeAdapter[str] = TypeAdapter(AttributeKey)


class FoundItem(NamedTuple):
    """An item of the file. `services` None: the file lacks them. `class_told`: its line has the class."""

    line: int
    identity: str
    key: str | None
    name: str | None
    ci_class: str
    class_told: bool
    services: list[str] | None
    attributes: dict[str, str]


class RefusedLine(NamedTuple):
    """A line that cannot be compared, and the field at fault. `identity`: that of its item, if known."""

    line: int
    code: DiscoveryFault
    field: str | None = None
    identity: str | None = None


@dataclass
class DiscoveryRefused(Exception):
    """The file as a whole cannot be compared, for this reason."""

    why: DiscoveryFailure


class _LineRefused(Exception):
    def __init__(self, code: DiscoveryFault, about: str | None = None) -> None:
        super().__init__(code)
        self.code, self.about = code, about


@dataclass
class DiscoveryReader:
    """Reads a file by what its columns mean; no line is of an item that a line before is of."""

    format: DiscoveryFormat
    identified_by: str
    ci_class: str | None
    columns: Mapping[str, str]
    _identities: set[str] = field(default_factory=set)

    def read(self, block: Callable[[int], bytes]) -> Iterator[FoundItem | RefusedLine]:
        """Yield the items and the refused lines, in the order of the file. Raises DiscoveryRefused."""
        rows = self._delimited(block) if self.format is DiscoveryFormat.csv else self._objects(block)
        try:
            for count, (line, cells) in enumerate(rows, 1):
                if count > MOST_LINES:
                    raise DiscoveryRefused(DiscoveryFailure.too_many_lines)
                yield (
                    RefusedLine(line, cells) if isinstance(cells, DiscoveryFault) else self._item(line, cells)
                )
        except FileRefused as refused:
            raise DiscoveryRefused(DiscoveryFailure.unreadable) from refused

    def _field_of(self, column: str) -> str | None:
        """Return the field that the column means; None: it is not read."""
        if self.columns:
            return self.columns.get(column)
        return column if column in OWN_FIELDS or _fits(ATTRIBUTE, column) else None

    def _delimited(
        self, block: Callable[[int], bytes]
    ) -> Iterator[tuple[int, dict[str, Any] | DiscoveryFault]]:
        rows = DelimitedRows(lines(block, UTF8), UTF8)
        fields = [self._field_of(column.strip()) for column in rows.heading()]
        if self.identified_by not in fields:
            raise DiscoveryRefused(DiscoveryFailure.no_identity)
        if _has_doubled(fields):
            raise DiscoveryRefused(DiscoveryFailure.unreadable)
        for row in rows:
            if isinstance(row, RefusedRow):
                yield row.line, DiscoveryFault(row.code)
            else:
                cells = zip(fields, row[1], strict=True)
                yield row[0], {name: cell for name, cell in cells if name is not None and cell.strip()}

    def _objects(
        self, block: Callable[[int], bytes]
    ) -> Iterator[tuple[int, dict[str, Any] | DiscoveryFault]]:
        for line, text, wrong in lines(block, UTF8):
            if wrong is not None:
                yield line, DiscoveryFault(wrong.code)
            elif text.strip():
                yield line, self._object(text)

    def _object(self, text: str) -> dict[str, Any] | DiscoveryFault:
        try:
            cells = json.loads(text, object_pairs_hook=_members)
            if not isinstance(cells, dict):
                return DiscoveryFault.bad_json
            if isinstance(of_attributes := cells.pop("attributes", None), dict):
                cells = _members([*of_attributes.items(), *cells.items()])
        except (ValueError, RecursionError):
            return DiscoveryFault.bad_json
        named = [(self._field_of(column), cell) for column, cell in cells.items()]
        if _has_doubled([name for name, _ in named]):
            return DiscoveryFault.bad_json
        return {name: cell for name, cell in named if name is not None and cell is not None and cell != ""}

    def _item(self, line: int, cells: dict[str, Any]) -> FoundItem | RefusedLine:
        identity = None
        try:
            identity = _text(cells, self.identified_by)
            if identity is None:
                raise _LineRefused(DiscoveryFault.no_identity, self.identified_by)
            if identity.lower() in self._identities:
                return RefusedLine(line, DiscoveryFault.listed_twice, self.identified_by)
            self._identities.add(identity.lower())
            return self._valid_item(line, identity, cells)
        except _LineRefused as refused:
            return RefusedLine(line, refused.code, refused.about, identity)

    def _valid_item(self, line: int, identity: str, cells: dict[str, Any]) -> FoundItem:
        ci_class = _text(cells, "ci_class")
        if ci_class is None and self.ci_class is None:
            raise _LineRefused(DiscoveryFault.no_class, "ci_class")
        if ci_class is not None and ci_class.lower() not in CLASSES:
            raise _LineRefused(DiscoveryFault.unknown_class, "ci_class")
        attributes = {name: _text(cells, name) or "" for name in cells if name not in OWN_FIELDS}
        if len(attributes) > LONGEST_LIST:
            raise _LineRefused(DiscoveryFault.too_many_values, "attributes")
        return FoundItem(
            line,
            identity,
            _text(cells, "key"),
            _text(cells, "name"),
            (ci_class or self.ci_class or "").lower(),
            ci_class is not None,
            _services(cells.get("services")),
            attributes,
        )


def _has_doubled(fields: list[str | None]) -> bool:
    """Return whether two columns mean one field, so that the right value is unknown."""
    named = [name for name in fields if name is not None]
    return len(set(named)) < len(named)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON. Raises ValueError if it has a key twice."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("doubled key")
    return members


def _text(cells: dict[str, Any], name: str) -> str | None:
    """Return the value as a text; a whole number or a truth value as it is written in JSON. Raises
    _LineRefused.
    """
    cell = cells.get(name)
    if cell is None:
        return None
    if isinstance(cell, bool):
        cell = "true" if cell else "false"
    elif isinstance(cell, int) and abs(cell) <= LARGEST_INTEGER:
        cell = str(cell)
    elif isinstance(cell, float):
        cell = repr(cell)
    if not _fits(TEXT, cell):
        raise _LineRefused(DiscoveryFault.not_usable, name)
    return TEXT.validate_python(cell)


def _services(cell: Any) -> list[str] | None:
    """Return the keys of services; None if the cell is missing. Raises _LineRefused."""
    if cell is None:
        return None
    keys = cell.split(SERVICE_SEPARATOR) if isinstance(cell, str) else cell
    if not isinstance(keys, list):
        raise _LineRefused(DiscoveryFault.not_usable, "services")
    named = [key.strip() if isinstance(key, str) else key for key in keys if key != ""]
    if len(named) > MOST_SERVICES:
        raise _LineRefused(DiscoveryFault.too_many_values, "services")
    if not all(_fits(KEY, key) for key in named):
        raise _LineRefused(DiscoveryFault.not_usable, "services")
    return sorted(set(named))


def _fits(adapter: TypeAdapter[str], cell: object) -> bool:
    try:
        adapter.validate_python(cell, strict=True)
    except ValidationError:
        return False
    return True
