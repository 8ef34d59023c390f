"""Comparison of two JSON Schemas of one place, the old and the new: which differences break clients or
readers of the log (pure).

Senders are broken if less is accepted, readers if more can come. Events in the log are written by old
programs and read by new ones for ever, so both break; only codes may be added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Schema = dict[str, Any]

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
#: Bounds that break senders when they rise, and those that do when they fall.
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
#: Bounds that cannot be ordered: any new one may be narrower.
OTHER_BOUNDS = ("pattern", "multipleOf", "uniqueItems")

RULES = {
    "body_removed": "no longer accepts a body",
    "body_required": "must now have a body",
    "bounds_narrowed": "accepts fewer values than before",
    "command_removed": "is no longer a command",
    "default_changed": "has a different default",
    "event_removed": "is no longer sent",
    "exit_code_changed": "has another meaning for scripts",
    "header_removed": "is no longer always sent",
    "kpi_changed": "has another unit, or is better in the other direction",
    "kpi_removed": "is no longer a KPI",
    "mapping_file_removed": "is no longer read",
    "may_be_null": "may now be null",
    "media_type_removed": "is no longer available",
    "migration_changed": "was edited after its release: restore it, and write a new migration",
    "migration_inserted": "would never run on a released database: give it a later number",
    "migration_removed": "was removed after its release: restore it",
    "operation_removed": "was removed",
    "operation_renamed": "has another operationId, from which clients derive names",
    "parameter_removed": "was removed",
    "parameter_required": "is now required",
    "parameter_style": "is written in a different way",
    "property_optional": "may now be missing",
    "property_removed": "was removed",
    "property_required": "is now required",
    "security_added": "requires more than before",
    "status_changed": "succeeds with other status codes",
    "type_changed": "has another type",
    "value_removed": "is no longer a value",
    "version_lowered": "has an older schema version",
}
#: Rules that can never be declared: databases of the release have run these files.
UNDECLARABLE_RULES = frozenset({"migration_changed", "migration_inserted", "migration_removed"})


class SchemaUse(StrEnum):
    """How a schema is used: in requests, in answers, or in events that are kept."""

    sent = "sent"
    answered = "answered"
    stored = "stored"

    @property
    def narrows(self) -> bool:
        """Say whether it breaks somebody if a value is no longer accepted or found."""
        return self is not SchemaUse.answered

    @property
    def widens(self) -> bool:
        """Say whether it breaks somebody if a new value may come."""
        return self is not SchemaUse.sent


@dataclass(frozen=True, slots=True, order=True)
class BreakingChange:
    """A change that breaks clients. `place` and `rule` identify it, `detail` is for people."""

    place: str
    rule: str
    detail: str = ""


@dataclass(slots=True)
class SchemaComparison:
    """Compares schemas that refer to components of their documents. Each component is compared once per
    use.
    """

    old_document: Schema
    new_document: Schema
    _compared: set[tuple[str, str, SchemaUse]] = field(default_factory=set)

    def breaks_between(
        self, old: Schema, new: Schema, side: SchemaUse, place: str
    ) -> Iterator[BreakingChange]:
        """Yield the breaking changes between the two schemas."""
        before, now = old.get("$ref", ""), new.get("$ref", "")
        if before and now:
            if (before, now, side) in self._compared:
                return
            self._compared.add((before, now, side))
            if before == now and side is not SchemaUse.stored:
                place = before.rpartition("/")[2]
        old_choices, old_null = self._choices(old, self.old_document)
        new_choices, new_null = self._choices(new, self.new_document)
        if old_null and not new_null and side.narrows:
            yield BreakingChange(place, "type_changed", "null is gone")
        if new_null and not old_null and side.widens:
            yield BreakingChange(place, "may_be_null")
        if len(old_choices) == len(new_choices) == 1:
            yield from self._plain_breaks(old_choices[0], new_choices[0], side, place)
        elif not self._fit(old_choices, new_choices, side):
            yield BreakingChange(place, "type_changed", "its alternatives are others")

    def _choices(self, schema: Schema, document: Schema) -> tuple[list[Schema], bool]:
        """Return the alternatives besides null, and whether null is one of them."""
        schema = resolved(schema, document)
        choices, null = [], False
        parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        for part in parts:
            below, also_null = self._choices(part, document)
            choices += below
            null = null or also_null
        if parts:
            return choices, null
        types = _types(schema)
        codes = _codes(schema)
        if codes is not None:
            null = None in codes
            schema = {**schema, "enum": [code for code in codes if code is not None]}
        elif "null" in types and types != TYPES:
            null = True
        rest = types - {"null"}
        return ([{**schema, "type": sorted(rest)}] if rest else []), null

    def _fit(self, old: list[Schema], new: list[Schema], side: SchemaUse) -> bool:
        """Say whether all values accepted before still are, and all values that may come now could come
        before, as far as the use requires that.
        """

        def breaks(before: Schema, after: Schema, on: SchemaUse) -> bool:
            apart = SchemaComparison(self.old_document, self.new_document)
            return next(apart._plain_breaks(before, after, on, ""), None) is not None

        still_accepted = all(
            any(not breaks(former, latter, SchemaUse.sent) for latter in new) for former in old
        )
        seen_before = all(
            any(not breaks(former, latter, SchemaUse.answered) for former in old) for latter in new
        )
        return (still_accepted or not side.narrows) and (seen_before or not side.widens)

    def _plain_breaks(
        self, old: Schema, new: Schema, side: SchemaUse, place: str
    ) -> Iterator[BreakingChange]:
        """Yield the breaking changes between two schemas without alternatives."""
        if not _types_fit(_types(old), _types(new), side) or not _formats_fit(old, new, side):
            yield BreakingChange(place, "type_changed", f"{_type_text(old)} became {_type_text(new)}")
            return
        yield from _of_codes(old, new, side, place)
        if side is SchemaUse.sent:
            yield from _of_bounds(old, new, place)
        if "items" in old and "items" in new:
            yield from self.breaks_between(old["items"], new["items"], side, f"{place}[]")
        if "properties" in old or "properties" in new:
            yield from self._of_properties(old, new, side, place)
        rest = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(rest[0], dict) and isinstance(rest[1], dict):
            yield from self.breaks_between(rest[0], rest[1], side, f"{place}{{}}")
        elif rest[0] is not False and rest[1] is False and side is SchemaUse.sent:
            yield BreakingChange(place, "type_changed", "takes no further members")

    def _of_properties(
        self, old: Schema, new: Schema, side: SchemaUse, place: str
    ) -> Iterator[BreakingChange]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, now_needed = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in before.items():
            property_place = f"{place}/{name}"
            if name not in after:
                if side is not SchemaUse.sent or new.get("additionalProperties") is False:
                    yield BreakingChange(property_place, "property_removed")
                continue
            yield from self.breaks_between(schema, after[name], side, property_place)
            if side is SchemaUse.sent:
                yield from of_default(schema, after[name], property_place)
        if side.narrows:
            for name in sorted(now_needed - needed):
                yield BreakingChange(f"{place}/{name}", "property_required")
        if side.widens:
            for name in sorted((needed - now_needed) & after.keys()):
                yield BreakingChange(f"{place}/{name}", "property_optional")


def resolved(schema: Schema, document: Schema) -> Schema:
    """Return the schema with its reference to the document resolved; members next to the reference win."""
    while "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
    return schema


def of_default(old: Schema, new: Schema, place: str) -> Iterator[BreakingChange]:
    """Yield a change if leaving the value out now means something else."""
    before, now = old.get("default"), new.get("default")
    if before != now:
        yield BreakingChange(place, "default_changed", f"{before!r} became {now!r}")


def _types(schema: Schema) -> frozenset[str]:
    kind = schema.get("type")
    if isinstance(kind, str):
        return frozenset({kind})
    if kind is not None:
        return frozenset(kind)
    codes = _codes(schema)
    if codes is None:
        return TYPES
    names = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return frozenset(names[type(code)] for code in codes)


def _codes(schema: Schema) -> list[Any] | None:
    """Return the listed values; None if the schema does not list any."""
    if "const" in schema:
        return [schema["const"]]
    codes: list[Any] | None = schema.get("enum")
    return codes


def _types_fit(old: frozenset[str], new: frozenset[str], side: SchemaUse) -> bool:
    lost = old - new - ({"integer"} if "number" in new else set())
    gained = new - old - ({"integer"} if "number" in old else set())
    return not (lost and side.narrows) and not (gained and side.widens)


def _formats_fit(old: Schema, new: Schema, side: SchemaUse) -> bool:
    before, now = old.get("format"), new.get("format")
    narrower = now is not None and now != before
    wider = before is not None and now != before
    return not (narrower and side.narrows) and not (wider and side.widens)


def _type_text(schema: Schema) -> str:
    kinds = " or ".join(sorted(_types(schema)))
    return f"{kinds} ({schema['format']})" if "format" in schema else kinds


def _of_codes(old: Schema, new: Schema, side: SchemaUse, place: str) -> Iterator[BreakingChange]:
    before, now = _codes(old), _codes(new)
    if now is not None and before is None and side.narrows:
        yield BreakingChange(place, "type_changed", "only listed values are taken")
    elif before is not None and now is None and side.widens:
        yield BreakingChange(place, "type_changed", "any value may come")
    if before is None or now is None:
        return
    if side.narrows:
        for code in before:
            if code not in now:
                yield BreakingChange(f"{place}={code}", "value_removed")


def _of_bounds(old: Schema, new: Schema, place: str) -> Iterator[BreakingChange]:
    """Yield the bounds that are narrower than before."""
    for name in (*LOWER_BOUNDS, *UPPER_BOUNDS, *OTHER_BOUNDS):
        before, now = old.get(name), new.get(name)
        if not now or now == before:
            continue
        wider = before is not None and (
            (name in LOWER_BOUNDS and now < before) or (name in UPPER_BOUNDS and now > before)
        )
        if not wider:
            yield BreakingChange(place, "bounds_narrowed", f"{name} {before} became {now}")
