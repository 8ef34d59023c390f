"""Answers of the SLA engine to worked cases, by the names that the cases use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from app.cli.conformance.sla_case_file import (
    Calendars,
    agreement_of,
    case_events,
    instant,
    optional_instant,
    target_of,
)
from app.cli.conformance.worked_cases import CaseFileError, Json
from app.common.times.clocks import AgreementType
from app.service_level_engine.activity import supplier_party, team_party
from app.service_level_engine.alignment import AlignmentLink, align, align_availability
from app.service_level_engine.availability import (
    MaintenanceWindow,
    Outage,
    OutageEffect,
    OutageRules,
    availability,
    budget_used,
)
from app.service_level_engine.case_events import CaseEvent, in_order
from app.service_level_engine.clock import ClockReading, read_clocks, read_party_clock
from app.service_level_engine.shares import share_elapsed
from app.service_level_engine.target_selection import (
    ApplicableAgreement,
    Attributes,
    Opening,
    TargetConditions,
    choose_agreement,
    choose_target,
    conflicting_agreement,
    targeting_by,
    tied_targets,
)
from app.service_level_engine.targets import Metric, Target, Targeting

#: Values by name: numbers, instants, texts, and structures of these.
Values = dict[str, object]
DECIMALS = 9
#: No clock reaches it.
UNREACHABLE_SECONDS = 10**12
#: Values that mark the end of an incident that counts in no figure; a missing value means a normal outage.
COUNTED_ENDS = {None, False, "resolved", "closed"}


def answer(case: Json, calendars: Calendars) -> Values:
    """Return the engine's answer to the case. Raises CaseFileError for an unknown kind of case."""
    kind = case.get("kind", "clock")
    if kind not in _ANSWERS:
        raise CaseFileError(f"the kind {kind!r} is unknown")
    return _ANSWERS[kind](case, calendars)


def _clock(case: Json, calendars: Calendars) -> Values:
    events = case_events(case["events"])
    metric = Metric(case["metric"])
    choose = _chooser(case, calendars) if "agreements" in case else None
    targeting = _own_targeting(case, metric)
    if choose is not None:
        targeting = targeting_by(choose, metric, {"process": case["process"]})
    asked_at, known_at = instant(case["asked_at"]), optional_instant(case.get("known_at"))
    readings = read_clocks(
        events, metric, targeting, calendars.versions_of(case), asked_at, known_at=known_at
    )
    values = _reading_values(readings[-1] if readings else None)
    if metric is Metric.update:
        values["rounds"] = [_reading_values(reading) for reading in readings]
    if choose is not None:
        chosen = choose({**_attributes(events, asked_at, known_at), "process": case["process"]})
        values["agreement"] = chosen.key if chosen else None
        values["version"] = chosen.version if chosen else None
    return values


def _own_targeting(case: Json, metric: Metric) -> Targeting:
    """Return the targeting of a case that has its targets itself: one, or one of each priority."""
    by_priority = case.get("targets_seconds") or {}
    calendar = case.get("calendar") or _version_name(case)

    def made(seconds: int | None) -> Target | None:
        return (
            None
            if seconds is None
            else target_of({**case, "id": "", "threshold_seconds": seconds}, metric, calendar)
        )

    targets = {priority: made(seconds) for priority, seconds in by_priority.items()}
    otherwise = made(case.get("target_seconds"))

    def target_by_priority(attributes: Attributes) -> Target | None:
        return targets.get(attributes.get("priority"), otherwise)

    return target_by_priority


def _version_name(case: Json) -> str:
    return next((v["calendar"] for v in case.get("calendar_versions", ()) if "calendar" in v), "")


def _chooser(case: Json, calendars: Calendars) -> Callable[[Attributes], ApplicableAgreement | None]:
    """Return the choice of an SLA as of the opening of the case."""
    agreements = [agreement_of(agreement, calendars) for agreement in case["agreements"]]
    opened_at = next((e.occurred_at for e in case_events(case["events"]) if e.kind == "opened"), None)
    if opened_at is None:
        raise CaseFileError("the case has no event")
    opening = Opening(
        opened_at,
        case.get("opening_position", 0),
        case.get("asked_position"),
        str(case.get("source", "")).startswith("import:"),
    )
    return lambda attributes: choose_agreement(agreements, AgreementType.sla, attributes, opening).agreement


def _attributes(
    events: list[CaseEvent], asked_at: datetime, known_at: datetime | None
) -> dict[str, str | None]:
    attributes: dict[str, str | None] = {}
    for event in in_order(events, asked_at, known_at):
        attributes.update(event.changes)
    return attributes


def _reading_values(reading: ClockReading | None) -> Values:
    names = (
        *("started_at", "stopped_at", "due_at", "breached_at"),
        *("state", "elapsed_seconds", "remaining_seconds", "target_seconds"),
    )
    values: Values = {name: None if reading is None else getattr(reading, name) for name in names}
    warned = () if reading is None else reading.warned
    return values | {"warned": [{"percent": percent, "at": warned_at} for percent, warned_at in warned]}


def _shares(case: Json, calendars: Calendars) -> Values:
    events = case_events(case["events"])
    metric = Metric(case["metric"])
    asked_at, known_at = instant(case["asked_at"]), optional_instant(case.get("known_at"))
    versions = calendars.versions_of(case)
    own = {**case, "target_seconds": case.get("target_seconds", UNREACHABLE_SECONDS)}
    (reading,) = read_clocks(
        events, metric, _own_targeting(own, metric), versions, asked_at, known_at=known_at
    ) or (None,)
    if reading is None:
        return {"elapsed_seconds": None, "shares": {}, "clocks": []}
    hours = versions(reading.target.calendar, reading.calendar_as_of)
    clocks = []
    for part in case.get("parties", ()):
        party = supplier_party(part["supplier"]) if part.get("supplier") else team_party(part["team"])
        target = target_of({**part, "threshold_seconds": part["target_seconds"]}, metric, part["calendar"])
        own_clock = read_party_clock(
            events, party, metric, _always(target), versions, asked_at, known_at=known_at
        )
        clocks.append({"agreement": part["agreement"], **_reading_values(own_clock)})
    shares = share_elapsed(events, reading, hours, asked_at, known_at=known_at)
    return {**_reading_values(reading), "shares": shares, "clocks": clocks}


def _always(target: Target) -> Targeting:
    return lambda _: target


def _choice(case: Json, calendars: Calendars) -> Values:
    question = case.get("question", "agreement")
    if question == "agreement":
        return _chosen(case, calendars)
    if question == "sign":
        agreements = [agreement_of(agreement, calendars) for agreement in case.get("agreements", ())]
        conflict = conflicting_agreement(agreement_of(_candidate(case), calendars), agreements)
        other = None if conflict is None else {"key": conflict.key, "version": conflict.version}
        return {"refused": conflict is not None, "with": other}
    if question == "submit_for_review":
        targets = case["targets"] if "targets" in case else _candidate(case)["targets"]
        tied = tied_targets(
            [TargetConditions(each["id"], each["metric"], each.get("conditions") or {}) for each in targets]
        )
        return {"refused": bool(tied), "targets": list(tied)}
    raise CaseFileError(f"the question {question!r} is unknown")


def _chosen(case: Json, calendars: Calendars) -> Values:
    ticket = case["ticket"]
    opening = Opening(
        instant(ticket["opened_at"]),
        ticket.get("opening_position", 0),
        case.get("asked_position", ticket.get("asked_position")),
        str(ticket.get("source", "")).startswith("import:"),
    )
    agreements = [agreement_of(agreement, calendars) for agreement in case["agreements"]]
    having = _changed(ticket, opening.asked_position)
    chosen, why = choose_agreement(agreements, AgreementType(case["kind_asked"]), having, opening)
    target = None if chosen is None else choose_target(chosen.targets, Metric(case["metric"]), having)
    return {
        "agreement": chosen.key if chosen else None,
        "version": chosen.version if chosen else None,
        "target": target.id if target else None,
        "why": why,
    }


def _changed(ticket: Json, asked_position: int | None) -> Json:
    """Return the ticket with the attributes that its `changes` set, in the order of their instants, up to the
    requested position of the log. The terms in force still depend only on its opening.
    """
    changes = [
        change
        for change in ticket.get("changes") or ()
        if asked_position is None or change["position"] <= asked_position
    ]
    having = dict(ticket)
    for change in sorted(changes, key=lambda change: (instant(change["at"]), change["position"])):
        having |= change["set"]
    return having


def _candidate(case: Json) -> Json:
    """Return the agreement that is to be signed or submitted: given whole, or by key and version in the list,
    else the only one there, or the only one that is not signed.
    """
    listed = [each for each in case.get("agreements", ()) if isinstance(each, dict)]
    for name in ("candidate", "agreement", "sign", "to_sign", "signing", "submit", "version"):
        candidate = case.get(name)
        if isinstance(candidate, dict) and ("valid_from" in candidate or "targets" in candidate):
            return candidate
        if isinstance(candidate, dict):
            candidate = (candidate.get("key"), candidate.get("version"))
        agreements = [each for each in listed if candidate in ((each["key"], each["version"]), each["key"])]
        if len(agreements) > 1:
            agreements = [each for each in agreements if each.get("signed_position") is None]
        if agreements:
            return agreements[0]
    unsigned = listed if len(listed) == 1 else [e for e in listed if e.get("signed_position") is None]
    if len(unsigned) != 1:
        raise CaseFileError("the question names no agreement")
    return unsigned[0]


def _availability(case: Json, calendars: Calendars) -> Values:
    rules = OutageRules(
        hours=calendars(case["calendar"]),
        degraded_weight=_fraction(case.get("degraded_weight", "0")),
        maintenance_counts=bool(case.get("maintenance_counts", False)),
    )
    begin, end, now = instant(case["period"]["from"]), instant(case["period"]["to"]), instant(case["now"])
    outages = [_outage(incident) for incident in case["incidents"] if incident.get("ended") in COUNTED_ENDS]
    windows = [_window(window) for window in case.get("maintenance") or ()]
    outcome = availability(outages, windows, rules, begin, end, now)
    budget, used = case.get("budget"), None
    if budget is not None:
        since = instant(budget["from"])
        spent = availability(outages, windows, rules, since, end, now).outage_seconds
        used = budget_used(spent, _fraction(budget["target"]), rules.hours, since, instant(budget["to"]))
    return {
        "agreed_seconds": outcome.agreed_seconds,
        "outage_seconds": outcome.outage_seconds,
        "availability": _rounded(outcome.share),
        "budget_used": _rounded(used),
    }


def _outage(incident: Json) -> Outage:
    begin = instant(incident.get("began_at") or incident["reported_at"])
    return Outage(
        tuple(
            (begin if n == 0 else instant(each["from"]), OutageEffect(each["effect"]))
            for n, each in enumerate(incident["effects"])
        ),
        optional_instant(incident.get("service_restored_at")),
    )


def _window(window: Json) -> MaintenanceWindow:
    cancelled = window.get("cancelled") or window.get("cancelled_at") or window.get("state") == "cancelled"
    return MaintenanceWindow(
        instant(window["from"]),
        instant(window["to"]),
        optional_instant(window.get("approved_at")),
        cancelled=bool(cancelled),
    )


def _alignment(case: Json, calendars: Calendars) -> Values:
    sla = case["sla"]
    awaited = "awaiting_vendor" in (sla.get("pause_reasons") or ())
    links = [
        AlignmentLink(
            name=link["name"],
            hours=calendars(link["calendar"]),
            target_seconds=link["target_seconds"],
            counts=not (awaited and link["kind"] == "UC"),
        )
        for link in case["links"]
    ]
    openings = case["openings"]
    alignment = align(calendars(sla["calendar"]), links, instant(openings["from"]), instant(openings["to"]))
    promise = case.get("availability") or {}
    items = [
        (item["name"], _optional_fraction(item.get("availability"))) for item in promise.get("items", ())
    ]
    together = align_availability(_optional_fraction(promise.get("promised")), items)
    return {
        "worst_seconds": alignment.worst_seconds,
        "worst_at": alignment.worst_at,
        "holds": alignment.allows(sla["target_seconds"]),
        "availability_product": _rounded(together.product),
        "availability_holds": together.holds,
        "unknown": list(together.unknown),
    }


def _fraction(number: str | int | Decimal) -> Fraction:
    return Fraction(number)


def _optional_fraction(number: str | int | Decimal | None) -> Fraction | None:
    return None if number is None else _fraction(number)


def _rounded(number: Fraction | None) -> Fraction | None:
    """Return the number rounded half up to so many decimals as the cases have."""
    if number is None:
        return None
    return Fraction((number * 10**DECIMALS + Fraction(1, 2)).__floor__(), 10**DECIMALS)


_ANSWERS: Mapping[str, Callable[[Json, Calendars], Values]] = {
    "clock": _clock,
    "shares": _shares,
    "choice": _choice,
    "availability": _availability,
    "alignment": _alignment,
}


def agrees(name: str, expected: object, computed: object) -> bool:
    """Return whether the value of that name that a case expects is the computed one: times as instants,
    numbers by value, of structures what the case names of them.
    """
    if isinstance(computed, datetime):
        return isinstance(expected, str) and instant(expected) == computed
    if isinstance(computed, list) and isinstance(expected, list):
        pairs = zip(expected, computed, strict=False)
        return len(expected) == len(computed) and all(agrees(name, *pair) for pair in pairs)
    if isinstance(computed, dict):
        if name == "with" and not isinstance(expected, dict):
            return _version(expected) == (computed["key"], computed["version"])
        if not isinstance(expected, dict) or (name == "shares" and expected.keys() != computed.keys()):
            return False
        return all(key in computed and agrees(key, each, computed[key]) for key, each in expected.items())
    if isinstance(expected, Decimal):
        expected = Fraction(expected)
    return isinstance(expected, bool) == isinstance(computed, bool) and expected == computed


def _version(name: object) -> tuple[str, int] | None:
    """Return the key and version of an agreement that is named in one text, or in a list of two."""
    if isinstance(name, list) and len(name) == 2:
        return name[0], name[1]
    parts = re.fullmatch(r"(\S+?)[ /:@]*v?(\d+)", name) if isinstance(name, str) else None
    return (parts[1], int(parts[2])) if parts else None
