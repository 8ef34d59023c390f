"""The definition of a process as a page that prints on A4: HTML without scripts, in two languages (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from app.common.people import Role, RoleLabels
from app.conformance.step_words import step_label
from app.foundation.documents.pages import SignatureLine
from app.foundation.process_definitions.expected_paths import ExpectedPath
from app.foundation.process_definitions.records import (
    DefinitionContent,
    DefinitionState,
    ProcessDefinition,
    RaciPart,
)
from app.foundation.process_names import process_in_words
from app.governance.process_definitions import map_drawing
from app.governance.process_definitions.map import MappedProcess
from app.html.filters import day
from app.html.templates import render
from app.html.wording import Wording
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.catalogue import KPIS

TEMPLATE = "governance/process_definitions/definition.html"
TABLE = "definition_page"
#: The lines of those who answer for the process: the code of the line, and the field with the person.
SIGNED_BY = (("process_owner", "owner"), ("process_executor", "executor"))
#: Units of time limits, the largest first, with their seconds.
UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))


@dataclass(frozen=True, slots=True)
class PrintedDefinition:
    """Content of the page: the definition, also as its reader is shown it, its expected path, the lifecycle
    of its cases (None: its cases are not our records) and the map of all processes.
    """

    record: ProcessDefinition
    definition: Mapping[str, Any]
    path: ExpectedPath | None
    lifecycle: Lifecycle[Any] | None
    places: Sequence[MappedProcess]
    role_labels: RoleLabels
    zone: ZoneInfo


def page_of(printed: PrintedDefinition, language: str) -> str:
    """Return the page of the definition."""
    wording, definition = Wording(language, TABLE), printed.definition
    excerpt = excerpt_of(printed.places, str(definition["process"]))
    heads, activities = _activities(printed, wording)
    return render(
        TEMPLATE,
        wording,
        title=definition["title"],
        definition=definition,
        head=list(_head(printed, wording)),
        activity_heads=heads,
        activities=activities,
        raci=[
            (
                _role(entry["role"], printed, wording),
                wording.label(RaciPart(entry["part"])),
                entry["activity"] or wording.sentence("whole"),
            )
            for entry in definition["raci"] or ()
        ],
        decisions=[
            (entry["title"], "; ".join(entry["outcomes"])) for entry in definition["decision_points"] or ()
        ],
        controls=[
            (entry["title"], _role(entry["role"], printed, wording), entry["risk"])
            for entry in definition["control_points"] or ()
        ],
        interfaces=[
            (_process(entry["process"], printed, wording), entry["hand_over"])
            for entry in definition["interfaces"] or ()
        ],
        terms=[(entry["term"], entry["meaning"]) for entry in definition["terms"] or ()],
        further=list(_further(definition, wording)),
        path=[] if printed.path is None else list(_path(printed.path, printed.lifecycle, wording)),
        steps=[] if printed.lifecycle is None else list(_steps(printed.lifecycle, printed, wording)),
        signatures=[SignatureLine(code, (definition[name] or {}).get("name")) for code, name in SIGNED_BY],
        excerpt=map_drawing.draw(excerpt, language, marked=definition["process"]) if excerpt else None,
    )


def excerpt_of(places: Sequence[MappedProcess], process: str) -> list[MappedProcess]:
    """Return the part of the map around the process: those above and right beneath it, and those that it
    hands over to, or takes over from; empty if it is not on the map.
    """
    by_process = {str(place.definition.process): place for place in places}
    if process not in by_process:
        return []
    near = {process} | {str(entry["process"]) for entry in by_process[process].interfaces}
    above = by_process[process].parent
    while above in by_process and above not in near:
        near.add(above)
        above = by_process[above].parent
    for name, place in by_process.items():
        if place.parent == process or any(entry["process"] == process for entry in place.interfaces):
            near.add(name)
    return [place for name, place in by_process.items() if name in near]


def _head(printed: PrintedDefinition, wording: Wording) -> Iterable[tuple[str, str]]:
    definition, zone = printed.definition, printed.zone
    yield "number", str(definition["document_number"] or definition["number"])
    if definition["edition"] is not None:
        yield "edition", str(definition["edition"])
    yield "state", wording.label(DefinitionState(definition["state"]))
    yield "process", _process(definition["process"], printed, wording)
    yield "level", str(definition["level"])
    yield "parent", _process(definition["parent"], printed, wording)
    yield "department", definition["department"] or ""
    for name in ("owner", "executor"):
        yield name, (definition[name] or {}).get("name") or ""
    for name in ("effective_at", "published_at"):
        yield name, day(getattr(printed.record, name), zone)
    yield "freeze_exception_reason", definition["freeze_exception_reason"] or ""


def _activities(printed: PrintedDefinition, wording: Wording) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the heads of the table of activities, and its rows; the way only if an activity has one."""
    heads = ["activity", "role", "inputs", "outputs", "time_limit", "way"]
    rows = [
        (
            entry["title"],
            _role(entry["role"], printed, wording),
            "; ".join(entry.get("inputs") or ()),
            "; ".join(entry.get("outputs") or ()),
            _duration(entry["time_limit_seconds"], wording),
            entry["text"] or "",
        )
        for entry in printed.definition["activities"] or ()
    ]
    # The title and the role are always shown.
    columns = [n for n in range(len(heads)) if n < 2 or any(row[n] for row in rows)]
    return [heads[n] for n in columns], [tuple(row[n] for n in columns) for row in rows]


def _further(definition: Mapping[str, Any], wording: Wording) -> Iterable[tuple[str, str]]:
    """Yield the lists of the definition, and the contents that it does not have, with the reason."""
    reasons = {entry["name"]: entry["reason"] for entry in definition["none_because"] or ()}
    names: tuple[str, ...] = (
        "inputs",
        "outputs",
        "customers",
        "resources",
        "refers_to",
        "templates",
        "checklists",
    )
    names += ("external_numbers", "kpis")
    for name in names:
        if definition[name] or name not in reasons:
            yield name, "; ".join(_kpi(entry, name, wording) for entry in definition[name] or ())
    for name, reason in reasons.items():
        if not definition[name]:
            content = wording.label(DefinitionContent(name))
            yield "none_because", wording.sentence("none_of_it", content=content, reason=reason)


def _path(
    path: ExpectedPath, lifecycle: Lifecycle[Any] | None, wording: Wording
) -> Iterable[tuple[str, str, str, str]]:
    n = 0
    for step in path.steps:
        n += not step.anywhere
        yield (
            "–" if step.anywhere else str(n),
            step.event if lifecycle is None else step_label(lifecycle, step.event, wording.language),
            wording.sentence("anywhere" if step.anywhere else "needed" if step.needed else "optional"),
            wording.sentence("repeatable") if step.repeatable else "",
        )


def _steps(
    lifecycle: Lifecycle[Any], printed: PrintedDefinition, wording: Wording
) -> Iterable[tuple[str, str, str, str]]:
    """Return what moves a case from one state to another: the action, from where, to where, and who."""
    for row in lifecycle.rows:
        if row.stays:
            continue
        # An action that leads from each state to the same ones keeps the state.
        sources = [state for state in lifecycle.states if not row.opens and row.is_open_in(state)]
        if len(sources) > 1 and set(sources) == set(row.leads_to):
            continue
        yield (
            row.label(wording.language),
            ", ".join(map(wording.label, sources)) or "–",
            ", ".join(map(wording.label, row.leads_to)) or wording.sentence("where_it_was"),
            row.policy.phrase(wording.language, printed.role_labels),
        )


def _process(process: str | None, printed: PrintedDefinition, wording: Wording) -> str:
    """Return the title of the process on the map, or the label of the kind of its records."""
    titles = {str(place.definition.process): place.definition.title for place in printed.places}
    kinds = {} if printed.lifecycle is None else {printed.lifecycle.kind: printed.lifecycle}
    return titles.get(str(process)) or process_in_words(kinds, process, wording.language) or ""


def _kpi(entry: str, name: str, wording: Wording) -> str:
    """Return the name of a KPI of the catalogue; any other entry as it is written."""
    kpi = KPIS.get(entry) if name == "kpis" else None
    return entry if kpi is None else kpi.texts(wording.language).name


def _role(role: str | None, printed: PrintedDefinition, wording: Wording) -> str:
    return "" if role is None else printed.role_labels.label(Role(role), wording.language)


def _duration(seconds: int | None, wording: Wording) -> str:
    """Return the time limit in the largest unit without a remainder."""
    if seconds is None:
        return ""
    unit, length = next(unit for unit in UNITS if seconds % unit[1] == 0)
    return wording.sentence(unit, number=f"{seconds // length:,}")
