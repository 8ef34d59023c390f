"""The differences between a report as it was issued and as it would be now. Pure.

Compared are the figures of the period: not trend and forecast, which are of other periods, nor recipients,
names of the parties and the position of the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.service_reports.content import ReportChange

#: Members that are not compared, wherever they stand.
NOT_COMPARED = frozenset({"trend", "forecast", "agreement", "over", "signed_at"})
#: The most differences that are listed.
MOST_CHANGES = 500
#: The members that identify an entry of a list, by the list.
NAMED_BY = {
    "targets": ("id",),
    "breaches": ("number", "case_id", "round"),
    "exclusions": ("what", "number", "record_id", "target", "at"),
    "workload": ("process",),
    "causes": ("target", "number", "case_id", "round"),
    "cause_counts": ("target", "cause"),
    "consequences": ("target",),
}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ReportChange]:
    """Return the differences of the two documents, in the order of their paths, as many as are listed."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    changes = [
        ReportChange(path=path, before=old.get(path), after=new.get(path))
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    ]
    return changes[:MOST_CHANGES]


def _leaves(value: Any, path: str = "", within: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield every value with its path. Entries of a list are identified by their members and not by their
    place, so that one more entry is one difference.
    """
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name not in NOT_COMPARED:
                yield from _leaves(part, f"{path}/{name}" if path else name, name)
    elif isinstance(value, list):
        counts: dict[str, int] = {}
        for part in value:
            name = _name(part, within)
            counts[name] = counts.get(name, 0) + 1
            again = "" if counts[name] == 1 else f":{counts[name]}"
            yield from _leaves(part, f"{path}/{name}{again}")
    else:
        yield path, None if value is None else _text(value)


def _name(part: Any, within: str) -> str:
    if not isinstance(part, Mapping):
        return _text(part)
    names = [part[name] for name in NAMED_BY.get(within, ()) if part.get(name) is not None]
    # People know a case by its number; its id adds nothing.
    if "number" in NAMED_BY.get(within, ()) and part.get("number") is not None:
        names = [name for name in names if name not in (part.get("case_id"), part.get("record_id"))]
    return ":".join(map(_text, names))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
