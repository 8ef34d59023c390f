"""Breaking changes between the released contract and the present one, in operations and events (pure).

Rules are named as in `RULES`; a place is `resolve_incident/query/state`, or, in a component that operations
share, `IncidentOut/state`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from app.contract.schemas import BreakingChange, Schema, SchemaComparison, SchemaUse, of_default, resolved

#: Breaking changes, each with the operations that it affects; events have no operations.
Breaks = dict[BreakingChange, list[str]]


def of_operations(old: Schema, new: Schema) -> Breaks:
    """Return the changes that break clients of the old OpenAPI document when they meet the new one."""
    now = _operations(new)
    breaks: defaultdict[BreakingChange, list[str]] = defaultdict(list)
    for address, operation in _operations(old).items():
        name = operation["operationId"]
        if address not in now:
            breaks[BreakingChange(name, "operation_removed", " ".join(address))].append(name)
            continue
        comparison = SchemaComparison(old, new)
        for broken in sorted(set(_of_operation(comparison, operation, now[address]))):
            breaks[broken].append(name)
    return dict(sorted(breaks.items()))


def of_events(old: Schema, new: Schema) -> Breaks:
    """Return the changes that break readers of events, old events included. A new schema version may differ
    in any way.
    """
    breaks: list[BreakingChange] = []
    for name, event in old["types"].items():
        now = new["types"].get(name)
        if now is None:
            breaks.append(BreakingChange(f"event/{name}", "event_removed"))
        elif now["schema_version"] < event["schema_version"]:
            breaks.append(BreakingChange(f"event/{name}", "version_lowered"))
        elif now["schema_version"] == event["schema_version"]:
            comparison = SchemaComparison(event["given"], now["given"])
            breaks += comparison.breaks_between(
                event["given"], now["given"], SchemaUse.stored, f"event/{name}/given"
            )
            if "clock" in event:
                of_clock = event["clock"], now["clock"]
                breaks += SchemaComparison(*of_clock).breaks_between(
                    *of_clock, SchemaUse.stored, f"event/{name}/clock"
                )
    for kind, row in old["rows"].items():
        now = new["rows"].get(kind)
        if now is None:
            breaks.append(BreakingChange(f"event/{kind}", "event_removed", "its rows are gone"))
        else:
            breaks += SchemaComparison({}, {}).breaks_between(row, now, SchemaUse.stored, f"event/{kind}/set")
    return {broken: [] for broken in sorted(set(breaks))}


def _operations(document: Schema) -> dict[tuple[str, str], Schema]:
    """Return the operations by method and path, with references inlined."""
    return {
        (method.upper(), path): _with_references_inlined(operation, document)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def _with_references_inlined(operation: Schema, document: Schema) -> Schema:
    """Return the operation with the parameters, body and responses that it refers to inlined."""
    answers = {status: resolved(answer, document) for status, answer in operation["responses"].items()}
    parameters = [resolved(parameter, document) for parameter in operation.get("parameters", ())]
    security = operation.get("security", document.get("security"))
    inlined = operation | {"responses": answers, "parameters": parameters, "security": security}
    if operation.get("requestBody") is not None:
        inlined["requestBody"] = resolved(operation["requestBody"], document)
    return inlined


def _of_operation(comparison: SchemaComparison, old: Schema, new: Schema) -> Iterator[BreakingChange]:
    name = old["operationId"]
    if new["operationId"] != name:
        yield BreakingChange(name, "operation_renamed", f"now {new['operationId']}")
    yield from _of_security(old, new, name)
    yield from _of_parameters(comparison, old, new, name)
    yield from _of_body(comparison, old.get("requestBody"), new.get("requestBody"), f"{name}/body")
    yield from _of_answers(comparison, old["responses"], new["responses"], f"{name}/answer")


def _of_security(old: Schema, new: Schema, place: str) -> Iterator[BreakingChange]:
    """Yield a change if an authentication that sufficed before no longer does."""

    def enough(scheme: dict[str, list[str]], before: dict[str, list[str]]) -> bool:
        return all(name in before and set(scopes) <= set(before[name]) for name, scopes in scheme.items())

    schemes = new.get("security") or [{}]
    for before in old.get("security") or [{}]:
        if not any(enough(scheme, before) for scheme in schemes):
            yield BreakingChange(place, "security_added")
            return


def _of_parameters(
    comparison: SchemaComparison, old: Schema, new: Schema, place: str
) -> Iterator[BreakingChange]:
    before, now = _parameters(old), _parameters(new)
    for (where, name), parameter in before.items():
        where_met = f"{place}/{where}/{name}"
        if (where, name) not in now:
            yield BreakingChange(where_met, "parameter_removed")
            continue
        other = now[where, name]
        yield from comparison.breaks_between(parameter["schema"], other["schema"], SchemaUse.sent, where_met)
        yield from of_default(parameter["schema"], other["schema"], where_met)
        if _style(parameter) != _style(other):
            yield BreakingChange(where_met, "parameter_style")
    for (where, name), parameter in now.items():
        was_needed = before.get((where, name), {}).get("required", False)
        if parameter.get("required", False) and not was_needed:
            yield BreakingChange(f"{place}/{where}/{name}", "parameter_required")


def _parameters(operation: Schema) -> dict[tuple[str, str], Schema]:
    """Return the parameters by place and name; header names are case-insensitive."""
    return {
        (
            parameter["in"],
            parameter["name"].lower() if parameter["in"] == "header" else parameter["name"],
        ): parameter
        for parameter in operation.get("parameters", ())
    }


def _style(parameter: Schema) -> tuple[Any, Any]:
    style = parameter.get("style", "form" if parameter["in"] in ("query", "cookie") else "simple")
    return style, parameter.get("explode", style == "form")


def _of_body(
    comparison: SchemaComparison, old: Schema | None, new: Schema | None, place: str
) -> Iterator[BreakingChange]:
    if new is None:
        if old is not None:
            yield BreakingChange(place, "body_removed")
        return
    if new.get("required", False) and not (old or {}).get("required", False):
        yield BreakingChange(place, "body_required")
    if old is not None:
        yield from _of_content(comparison, old["content"], new["content"], SchemaUse.sent, place)


def _of_answers(
    comparison: SchemaComparison, old: Schema, new: Schema, place: str
) -> Iterator[BreakingChange]:
    successes = [{status for status in answers if status.startswith("2")} for answers in (old, new)]
    if successes[0] != successes[1]:
        was, now = (", ".join(sorted(statuses)) for statuses in successes)
        yield BreakingChange(place, "status_changed", f"{was} became {now}")
    for status, answer in old.items():
        for other_status in _statuses_in_place(status, new):
            other = new[other_status]
            contents = answer.get("content", {}), other.get("content", {})
            yield from _of_content(comparison, *contents, SchemaUse.answered, f"{place}/{status}")
            by_name = status == other_status and not status.endswith("XX")
            headers = _removed_headers(comparison, answer, other, by_name=by_name)
            yield from (
                BreakingChange(f"{place}/{status}/header/{name}", "header_removed") for name in headers
            )


def _statuses_in_place(status: str, answers: Schema) -> list[str]:
    """Return the keys of the answers that describe the status now: itself, its range (`4XX`), or where the
    status is a range that has been split, each status of it.
    """
    kind = f"{status[0]}XX"
    if status in answers:
        return [status]
    if status == kind:
        return [name for name in answers if name[0] == status[0]]
    return [kind] if kind in answers else []


def _removed_headers(
    comparison: SchemaComparison, old: Schema, new: Schema, *, by_name: bool
) -> Iterator[str]:
    """Yield the headers that are gone. `by_name`: both describe one status, so that what always came must
    still come always; of a range of statuses the headers depend on the status.
    """
    headers = new.get("headers", {})
    for name, header in old.get("headers", {}).items():
        always = by_name and resolved(header, comparison.old_document).get("required", False)
        if name not in headers or (
            always and not resolved(headers[name], comparison.new_document).get("required", False)
        ):
            yield name


def _of_content(
    comparison: SchemaComparison, old: Schema, new: Schema, side: SchemaUse, place: str
) -> Iterator[BreakingChange]:
    for media_type, content in old.items():
        if media_type not in new:
            yield BreakingChange(f"{place}/{media_type}", "media_type_removed")
        elif "schema" in content and "schema" in new[media_type]:
            yield from comparison.breaks_between(content["schema"], new[media_type]["schema"], side, place)
