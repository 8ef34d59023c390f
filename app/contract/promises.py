"""Comparison of what a release promises besides operations and events: the command line with its exit codes,
settings, mapping files, KPIs and migrations (pure).

Commands, settings and mapping files are schemas of what people write, compared as what clients send.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.contract.breaking import Breaks
from app.contract.schemas import BreakingChange, Schema, SchemaComparison, SchemaUse, of_default

#: Members of schemas that are for people, and no client depends on.
TEXT_MEMBERS = frozenset({"description", "summary", "title"})
#: Members that hold values and no schemas.
VALUE_MEMBERS = frozenset({"const", "default", "enum"})


def without_texts(value: Any) -> Any:
    """Return a document without descriptions, examples and labels: what a comparison reads of it."""
    if isinstance(value, list):
        return [without_texts(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: part if name in VALUE_MEMBERS else without_texts(part)
        for name, part in value.items()
        if not (name in TEXT_MEMBERS and isinstance(part, str)) and not _is_for_people(name, part)
    }


def _is_for_people(name: str, part: Any) -> bool:
    """Say whether it is a label or an example, and no field of that name."""
    is_field = isinstance(part, dict) and bool({"type", "anyOf", "$ref"} & part.keys())
    return not is_field and (name.startswith("x-") or name in ("example", "examples"))


def of_promises(old: Schema, new: Schema) -> Breaks:
    """Return the changes that break those who rely on what was promised. Each of the two has `commands`,
    `mapping_files` (schemas by name), `settings` (a schema), `exit_codes` (numbers by name), `kpis` (unit
    and direction by key) and `migrations` (hashes by file).
    """
    breaks = [
        *_of_schemas(old["commands"], new["commands"], "command"),
        *_of_exit_codes(old["exit_codes"], new["exit_codes"]),
        *_of_schemas({"settings": old["settings"]}, {"settings": new["settings"]}, ""),
        *_of_schemas(old["mapping_files"], new["mapping_files"], "mapping_file"),
        *_of_kpis(old["kpis"], new["kpis"]),
        *_of_migrations(old["migrations"], new["migrations"]),
    ]
    return {broken: [] for broken in sorted(set(breaks))}


def _of_schemas(old: Schema, new: Schema, surface: str) -> Iterator[BreakingChange]:
    for name, schema in old.items():
        place = f"{surface}/{name}" if surface else name
        if name not in new:
            yield BreakingChange(place, f"{surface}_removed")
            continue
        now = new[name]
        yield from SchemaComparison(schema, now).breaks_between(schema, now, SchemaUse.sent, place)
        yield from of_default(schema, now, place)


def _of_exit_codes(old: dict[str, int], new: dict[str, int]) -> Iterator[BreakingChange]:
    for name, code in old.items():
        if new.get(name) != code:
            detail = f"{code} became {new[name]}" if name in new else f"{code} is gone"
            yield BreakingChange(f"exit_code/{name}", "exit_code_changed", detail)


def _of_kpis(old: Schema, new: Schema) -> Iterator[BreakingChange]:
    for key, kpi in old.items():
        if key not in new:
            yield BreakingChange(f"kpi/{key}", "kpi_removed")
            continue
        for name, value in kpi.items():
            if new[key][name] != value:
                detail = f"{value} became {new[key][name]}"
                yield BreakingChange(f"kpi/{key}/{name}", "kpi_changed", detail)


def _of_migrations(old: dict[str, str], new: dict[str, str]) -> Iterator[BreakingChange]:
    """Yield the released files that are not as they were, and new ones that come before released ones: a
    database of the release would never run these.
    """
    newest = max(map(_revision, old), default="")
    for name, digest in old.items():
        if name not in new:
            yield BreakingChange(f"migration/{name}", "migration_removed")
        elif new[name] != digest:
            yield BreakingChange(f"migration/{name}", "migration_changed")
    for name in sorted(new.keys() - old.keys()):
        if _revision(name) <= newest:
            detail = f"the newest released one is {newest}"
            yield BreakingChange(f"migration/{name}", "migration_inserted", detail)


def _revision(name: str) -> str:
    """Return the number of a migration's file: `1001_baseline.py`, or `1001/log.sql`."""
    return name[:4]
