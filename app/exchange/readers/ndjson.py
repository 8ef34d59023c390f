"""Reader of this system's own format of a history: one JSON object per line, with its own field names and
codes, each a case as it stood after a change.

Any program can write the format: see docs/mappings.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from app.common.tickets import HoldReason
from app.exchange.kinds import KINDS, ImportedFields
from app.exchange.mapping import MAPPINGS, SUB_STATUS_SEPARATOR, FileMapping
from app.exchange.readers.delimited import MappedRows
from app.exchange.readers.lines import REASONS as OF_LINES
from app.exchange.readers.lines import UTF8, CellRow, LineFault, lines
from app.exchange.readers.rows import Format, RefusedRow, SourceRow

OTHER_KEY = "other"
ACTOR, OPENER = "actor", "opener"


def _mapping_of(process: str) -> FileMapping:
    """Return the mapping of our own format for cases of that kind: keys and codes are ours."""
    kind, mapping = KINDS[process], MAPPINGS[process]
    values: dict[str, Any] = {state.value: state.value for state in kind.states}
    status: dict[str, Any] = {"column": "state", "values": values}
    if kind.detail is not None:
        status["detail"] = kind.detail
        values |= {
            f"on_hold{SUB_STATUS_SEPARATOR}{reason.value}": {"state": "on_hold", kind.detail: reason.value}
            for reason in HoldReason
        }
    fields = mapping.model_fields["fields"].annotation
    assert isinstance(fields, type)
    assert issubclass(fields, ImportedFields)
    return mapping.model_validate(
        {
            "process": process,
            "case": "case",
            "at": "at",
            "opened": "opened_at",
            "actor": ACTOR,
            "opener": OPENER,
            "state": status,
            "fields": {name: name for name in fields.model_fields},
        }
    )


OWN_MAPPINGS = {process: _mapping_of(process) for process in MAPPINGS}
MAPPING = OWN_MAPPINGS["incident"]
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
REQUIRED_KEYS = ("case", "at", "state")


@dataclass(frozen=True)
class Ndjson:
    """Reads NDJSON histories of cases of the kind `process`. Each time states its offset from UTC."""

    now: datetime
    process: str = "incident"
    zone: ClassVar[str] = ""

    @property
    def format(self) -> Format:
        """The properties of all files of cases of that kind."""
        return OWN_MAPPINGS[self.process].format("ndjson")

    def read(self, block: Callable[[int], bytes]) -> Iterator[SourceRow | RefusedRow]:
        """Reads the rows, in the order of the file. Raises FileRefused."""
        mapping = OWN_MAPPINGS[self.process]
        keys = (*mapping.keys_by_column, OTHER_KEY)
        rows = (_row(keys, *line) for line in lines(block, UTF8) if line[1].strip())
        mapped = MappedRows(mapping, self.format, self.zone, self.now, OTHER_KEY, offsets_only=True)
        yield from mapped.read(list(keys), rows)


class _DoubledKey(ValueError):
    """An object has a key twice; the text is the key."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DoubledKey(next(name for name in names if names.count(name) > 1))
    return members


def _row(keys: Sequence[str], line: int, text: str, wrong: LineFault | None) -> CellRow | RefusedRow:
    if wrong is not None:
        # The format allows only UTF-8, so the reason does not suggest stating another encoding.
        return RefusedRow(line, wrong.code, OF_LINES[wrong.code].format(encoding=UTF8), text, wrong.likely)
    try:
        document = json.loads(text, object_pairs_hook=_members)
    except _DoubledKey as doubled:
        return RefusedRow(line, "bad_json", f"the key {str(doubled)[:40]!r} occurs twice", text)
    except (ValueError, RecursionError):
        return RefusedRow(line, "bad_json", "the line is not a JSON object", text)
    if _HALF_CHARACTER.search(json.dumps(document, ensure_ascii=False)):
        return RefusedRow(line, "bad_json", "a text has half of a character (\\ud800 to \\udfff)", text)
    reason = _format_error(keys, document)
    if reason is not None:
        return RefusedRow(line, "bad_json", reason, text)
    cells = [document.get(key) or "" for key in keys]
    extra_cells = document.get(OTHER_KEY) or {}
    filled = {key: value.strip() for key, value in extra_cells.items() if value and value.strip()}
    cells[-1] = json.dumps(filled, ensure_ascii=False, sort_keys=True) if filled else ""
    return line, cells, len(text)


def _format_error(keys: Sequence[str], cells: Any) -> str | None:
    """Return why the parsed JSON object is not a valid row; None if it is valid."""
    if not isinstance(cells, dict):
        return "the line is not a JSON object"
    unknown = sorted(cells.keys() - set(keys))
    if unknown:
        return f"the key {unknown[0][:40]!r} is unknown; possible are {', '.join(keys)}"
    absent = [key for key in REQUIRED_KEYS if not cells.get(key)]
    if absent:
        return f"the key {absent[0]!r} is missing"
    extra_cells = cells.pop(OTHER_KEY, None)
    texts = [*cells.items(), *(extra_cells.items() if isinstance(extra_cells, dict) else ())]
    number = next((key for key, value in texts if not isinstance(value, str | None)), None)
    if number is not None or not isinstance(extra_cells, dict | None):
        return f"the value of {(number or OTHER_KEY)[:40]!r} is not a text"
    if extra_cells:
        if clash := sorted(extra_cells.keys() & set(keys)):
            return f"{clash[0]!r} is a key of this format, so it is not possible under {OTHER_KEY!r}, too"
        cells[OTHER_KEY] = extra_cells
    return None
