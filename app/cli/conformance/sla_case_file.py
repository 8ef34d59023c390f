"""Files of worked cases for the SLA engine: their format, read into the engine's values.

`sla_cases.json` has clocks only; in `sla_more_cases.json` each case has its `kind`. Both have `calendars`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from app.cli.conformance.worked_cases import CaseFileError, Json, read_json_cases
from app.common.times.business_time import BusinessTime, CalendarDefinition, Hours
from app.common.times.clocks import AgreementType
from app.service_level_engine.case_events import ActorKind, CaseEvent, EventKind
from app.service_level_engine.target_selection import ApplicableAgreement, validity
from app.service_level_engine.targets import Metric, Target

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Kinds of events, by the part of their type after the process; the rest is `other`.
KINDS = {kind.value: kind for kind in EventKind if kind is not EventKind.message} | {
    "reported": EventKind.opened,
    "submitted": EventKind.opened,
    "raised": EventKind.opened,
    "accepted": EventKind.fulfilled,
    "cancelled": EventKind.excluded,
    "marked_duplicate": EventKind.excluded,
    "rejected": EventKind.excluded,
    "refused": EventKind.excluded,
}
ATTRIBUTES = ("priority", "service", "category", "customer", "catalogue_item")


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of a file, and its calendars by their names."""

    cases: Sequence[Json]
    calendars: Calendars


class Calendars:
    """The calendars of a file."""

    def __init__(self, definitions: Json) -> None:
        self._definitions = definitions
        self._business_times: dict[str, BusinessTime] = {}

    def __call__(self, name: str) -> BusinessTime:
        """Return the calendar of that name."""
        if name not in self._business_times:
            if name not in self._definitions:
                raise CaseFileError(f"there is no calendar {name!r}")
            self._business_times[name] = _business_time(self._definitions[name])
        return self._business_times[name]

    def version(self, case: Json) -> BusinessTime:
        """Return a version of a calendar: one of the file's, or one with more days."""
        inline = case.get("calendar_inline")
        if inline is None:
            return self(case["calendar"])
        merged = {**self._definitions.get(inline.get("base"), {}), **inline}
        merged["holidays"] = [*merged.get("holidays", []), *inline.get("add_holidays", [])]
        merged["working_days"] = {**merged.get("working_days", {}), **inline.get("add_working_days", {})}
        return _business_time(merged)

    def versions_of(self, case: Json) -> VersionedCalendars:
        """Return the calendars as the case's events knew them."""
        return VersionedCalendars(self, case)


class VersionedCalendars:
    """The calendars of a case, of which one may have been published several times while it ran."""

    def __init__(self, calendars: Calendars, case: Json) -> None:
        self._calendars = calendars
        versions = [
            (instant(calendar["published_at"]), calendar) for calendar in case.get("calendar_versions", ())
        ]
        versions.sort(key=lambda version: version[0])
        self._versions = [(published_at, calendars.version(calendar)) for published_at, calendar in versions]
        #: Name of the calendar that the versions belong to.
        self._name = case.get("calendar") or next((_name(calendar) for _, calendar in versions), None)

    def __call__(self, name: str, known_at: datetime) -> BusinessTime:
        """Return the newest version that was published by then; before the first, the first."""
        if not self._versions or name != self._name:
            return self._calendars(name)
        published = [hours for published_at, hours in self._versions if published_at <= known_at]
        return published[-1] if published else self._versions[0][1]


def _name(calendar: Json) -> str | None:
    inline = calendar.get("calendar_inline")
    name: str | None = calendar.get("calendar") if inline is None else inline.get("base")
    return name


def _business_time(spec: Json) -> BusinessTime:
    weekly = tuple(_spans(spec["weekly"].get(day, ())) for day in DAYS)
    days = {date.fromisoformat(day): _spans(spans) for day, spans in spec.get("working_days", {}).items()}
    holidays = frozenset(date.fromisoformat(day) for day in spec.get("holidays", ()))
    return BusinessTime(CalendarDefinition(spec["timezone"], weekly, holidays=holidays, working_days=days))


def _spans(spans: Sequence[Sequence[str]]) -> tuple[Hours, ...]:
    return tuple((_minute(begin), _minute(end)) for begin, end in spans)


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def read_case_file(path: Path) -> CaseFile:
    """Return the cases of the file. Raises CaseFileError."""
    document = read_json_cases(path, "SLA", Decimal)
    if not isinstance(document.get("calendars"), dict):
        raise CaseFileError(f"{path} is not a file of SLA cases: it has no calendars")
    return CaseFile(document["cases"], Calendars(document["calendars"]))


def instant(text: str) -> datetime:
    """Return the instant of a time with an offset. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text} has no time zone offset")
    return parsed


def optional_instant(text: str | None) -> datetime | None:
    """Return the instant, if there is one."""
    return None if text is None else instant(text)


def case_events(rows: Sequence[Json]) -> list[CaseEvent]:
    """Return the events of a case; where no type is an opening's, the first to occur is the opening."""
    events = [_event(each, n) for n, each in enumerate(rows)]
    if events and not any(event.kind is EventKind.opened for event in events):
        first = min(events, key=lambda event: (event.occurred_at, event.recorded_at, event.position))
        events[events.index(first)] = _event(rows[events.index(first)], first.position, EventKind.opened)
    return events


def _event(event: Json, position: int, kind: EventKind | None = None) -> CaseEvent:
    verb = event["type"].rpartition(".")[2]
    data = event.get("data") or {}
    occurred_at = instant(event["occurred_at"])
    kind = kind or _kind(verb, data)
    changes = {name: data[name] for name in ATTRIBUTES if name in data}
    functional = verb == "escalated" and data.get("kind") == "functional"
    if "team" in data and (kind is EventKind.opened or verb == "assigned" or functional):
        changes["team"] = data["team"]
    return CaseEvent(
        kind=kind,
        occurred_at=occurred_at,
        recorded_at=optional_instant(event.get("recorded_at")) or occurred_at,
        position=event.get("position", position),
        by=ActorKind(event.get("by") or ActorKind.staff),
        state=data.get("state"),
        hold_reason=data.get("reason") if kind is EventKind.held else None,
        supplier=data.get("supplier"),
        service_restored_at=optional_instant(data.get("service_restored_at")),
        public=data.get("visibility") == "public",
        changes=changes,
    )


def _kind(verb: str, data: Json) -> EventKind:
    if verb == "commented":
        return EventKind.message
    if verb == "update_posted":
        return EventKind.other if data.get("visibility") == "internal" else EventKind.updated
    return KINDS.get(verb, EventKind.other)


def target_of(target: Json, metric: Metric, calendar: str) -> Target:
    """Return the target of an agreement, or of a case that has its own; `calendar` is the agreement's."""
    return Target(
        id=target.get("id", ""),
        metric=metric,
        threshold_seconds=target["threshold_seconds"],
        calendar=target.get("calendar") or calendar,
        pause_reasons=frozenset(target.get("pause_reasons") or ()),
        pause_states=frozenset(target.get("pause_states") or ()),
        warning_percents=tuple(target.get("warning_percents") or ()),
        conditions=target.get("conditions") or {},
    )


def agreement_of(agreement: Json, calendars: Calendars) -> ApplicableAgreement:
    """Return a version of an agreement; of its targets those that clocks measure."""
    kind = AgreementType(agreement["kind"])
    party = {AgreementType.sla: "customer", AgreementType.ola: "team", AgreementType.uc: "supplier"}[kind]
    zone = calendars(agreement["calendar"]).definition.zone
    begin, end = validity(
        date.fromisoformat(agreement["valid_from"]),
        None if agreement.get("valid_to") is None else date.fromisoformat(agreement["valid_to"]),
        zone,
    )
    return ApplicableAgreement(
        key=agreement["key"],
        version=agreement["version"],
        agreement_type=kind,
        party=agreement.get(party),
        services=frozenset(agreement.get("services") or ()),
        catalogue_items=frozenset(agreement.get("catalogue_items") or ()),
        calendar=agreement["calendar"],
        valid_from=begin,
        valid_until=end,
        signed_at=optional_instant(agreement.get("signed_at")),
        signed_position=agreement.get("signed_position"),
        ended_at=optional_instant(agreement.get("ended_at")),
        ended_position=agreement.get("ended_position"),
        replaces=_replaced(agreement),
        targets=tuple(
            target_of(each, Metric(each["metric"]), agreement["calendar"])
            for each in agreement.get("targets") or ()
            if each.get("threshold_seconds") is not None and each["metric"] in set(Metric)
        ),
    )


def _replaced(agreement: Json) -> tuple[str, int] | None:
    """Return the key and version that the agreement replaces: of its own, or of another agreement."""
    replaces = agreement.get("replaces")
    if replaces is None:
        return None
    if isinstance(replaces, dict):
        return str(replaces.get("key", agreement["key"])), int(replaces["version"])
    return agreement["key"], int(replaces)
