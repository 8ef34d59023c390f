"""Reader of this system's own format of a history: one JSON object per line, with its own field names and
codes, each a case as it stood after a change.

Any program can write the format: see docs/mappings.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from app.common.tickets import HoldReason
from app.exchange.mapping import SUB_STATUS_SEPARATOR, FileMapping, ImportedIncidentFields
from app.exchange.readers.delimited import MappedRows
from app.exchange.readers.lines import REASONS as OF_LINES
from app.exchange.readers.lines import UTF8, CellRow, LineFault, lines
from app.exchange.readers.rows import Format, RefusedRow, SourceRow
from app.processes.incidents.records import IncidentState

OTHER_KEY = "other"
ACTOR, OPENER = "actor", "opener"
MAPPING = FileMapping.model_validate(
    {
        "process": "incident",
        "case": "case",
        "at": "at",
        "opened": "opened_at",
        "actor": ACTOR,
        "opener": OPENER,
        "state": {
            "column": "state",
            "detail": "hold_reason",
            "values": {state.value: state.value for state in IncidentState}
            | {
                f"on_hold{SUB_STATUS_SEPARATOR}{reason.value}": {
                    "state": "on_hold",
                    "hold_reason": reason.value,
                }
                for reason in HoldReason
            },
        },
        "fields": {name: name for name in ImportedIncidentFields.model_fields},
    }
)
KEYS = (*MAPPING.keys_by_column, OTHER_KEY)
REQUIRED_KEYS = ("case", "at", "state")


@dataclass(frozen=True)
class Ndjson:
    """Reads NDJSON histories. Each time states its offset from UTC."""

    now: datetime
    format: ClassVar[Format] = MAPPING.format("ndjson")
    zone: ClassVar[str] = ""

    def read(self, block: Callable[[int], bytes]) -> Iterator[SourceRow | RefusedRow]:
        """Reads the rows, in the order of the file. Raises FileRefused."""
        rows = (_row(*line) for line in lines(block, UTF8) if line[1].strip())
        mapped = MappedRows(MAPPING, self.format, self.zone, self.now, OTHER_KEY, offsets_only=True)
        yield from mapped.read(list(KEYS), rows)


def _row(line: int, text: str, wrong: LineFault | None) -> CellRow | RefusedRow:
    if wrong is not None:
        # The format allows only UTF-8, so the reason does not suggest stating another encoding.
        return RefusedRow(line, wrong.code, OF_LINES[wrong.code].format(encoding=UTF8), text, wrong.likely)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return RefusedRow(line, "bad_json", "the line is no JSON object", text)
    reason = _format_error(document)
    if reason is not None:
        return RefusedRow(line, "bad_json", reason, text)
    cells = [document.get(key) or "" for key in KEYS]
    extra_cells = document.get(OTHER_KEY) or {}
    filled = {key: value.strip() for key, value in extra_cells.items() if value and value.strip()}
    cells[-1] = json.dumps(filled, ensure_ascii=False, sort_keys=True) if filled else ""
    return line, cells, len(text)


def _format_error(cells: Any) -> str | None:
    """Return why the parsed JSON object is not a valid row; None if it is valid."""
    if not isinstance(cells, dict):
        return "the line is no JSON object"
    unknown = sorted(cells.keys() - set(KEYS))
    if unknown:
        return f"there is no key {unknown[0][:40]!r}; there are {', '.join(KEYS)}"
    absent = [key for key in REQUIRED_KEYS if not cells.get(key)]
    if absent:
        return f"the key {absent[0]!r} is needed and not there"
    extra_cells = cells.pop(OTHER_KEY, None)
    texts = [*cells.items(), *(extra_cells.items() if isinstance(extra_cells, dict) else ())]
    number = next((key for key, value in texts if not isinstance(value, str | None)), None)
    if number is not None or not isinstance(extra_cells, dict | None):
        return f"what stands under {(number or OTHER_KEY)[:40]!r} is no text"
    if extra_cells:
        if clash := sorted(extra_cells.keys() & set(KEYS)):
            return f"{clash[0]!r} is a key of ours: it cannot stand under {OTHER_KEY!r}, too"
        cells[OTHER_KEY] = extra_cells
    return None
