"""An agreement's documents as pages fit to print on A4: the agreement, its specification sheet and its
service quality plan, with the signatures of both parties. Rows are made here, as text; HTML is in the
templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from app.common.tickets import HoldReason
from app.common.times.clocks import AgreementType
from app.foundation.documents.records import DocumentClass, DocumentState
from app.html.filters import percent
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import sentences
from app.service_levels.agreements.records import (
    CLOCKS,
    AgreementSide,
    ConsequenceKind,
    ReportingPeriod,
    TargetComparator,
    TargetMetric,
)
from app.service_levels.agreements.terms.measurability import CONDITIONS

#: The table of the sentences on these pages.
TABLE = "agreement_page"
HOUR, MINUTE = 3600, 60
CALENDAR = "calendar"
#: In a cell without a value.
EMPTY_CELL = "–"
SIGNS = {
    TargetComparator.lt: "<",
    TargetComparator.le: "≤",
    TargetComparator.gt: ">",
    TargetComparator.ge: "≥",
}


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature of one side; without a time it has not signed."""

    side: AgreementSide
    name: str | None
    document: str | None
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Printed:
    """The content of a page: the agreement as the reader may see it, the document, the numbers of the
    agreements beneath, the signatures, the hours of its calendars in words, by their keys, and the names of
    the records that it names by kind and key.
    """

    agreement: Mapping[str, Any]
    document_class: DocumentClass
    number: str
    edition: int
    state: DocumentState
    beneath: Sequence[str]
    signatures: Sequence[Signature]
    hours: Mapping[str, str]
    names: Mapping[tuple[str, str], str]

    def name(self, kind: str, key: str) -> str:
        """Return the name of the record of that kind and key."""
        return self.names.get((kind, key), key)


def title_of(printed: Printed, language: str) -> str:
    """Return the title of the document's page."""
    return f"{printed.document_class.label(language)} · {printed.agreement['title']}"


#: The folder of the templates, and that of each document.
FOLDER = "service_levels/agreements/documents"
TEMPLATES = {
    DocumentClass.SL: f"{FOLDER}/agreement.html",
    DocumentClass.SS: f"{FOLDER}/specification.html",
    DocumentClass.QP: f"{FOLDER}/quality_plan.html",
}
Fact = tuple[str, str | None]


def body_of(printed: Printed, language: str) -> Markup:
    """Return the document as HTML."""
    wording, agreement = Wording(language, TABLE), printed.agreement
    return render(
        TEMPLATES[printed.document_class],
        wording,
        printed=printed,
        agreement=agreement,
        head=_head(printed, wording),
        scope=_scope(printed, wording),
        targets=[_target(target, printed, wording) for target in agreement["targets"] or ()],
        hours=[(printed.name(CALENDAR, key), hours) for key, hours in printed.hours.items()],
        conditions=_conditions(agreement, wording),
        consequences=list(_consequences(agreement["consequences"] or (), wording)),
        workload=_workload(agreement, wording),
        signatures=_signatures(printed.signatures, wording),
    )


def _head(printed: Printed, wording: Wording) -> list[Fact]:
    """Return what identifies the document."""
    agreement = printed.agreement
    # An agreement that was replaced, or ended early, was valid until then, whatever had been agreed.
    ended = (agreement.get("ended_at") or "")[:10]
    last = agreement.get("superseded_from") or ended or agreement["valid_to"]
    edition = wording.sentence("edition")
    return [
        ("document", f"{printed.number}, {edition} {printed.edition}"),
        ("state", wording.label(printed.state)),
        ("agreement", f"{agreement['number']}, {edition} {agreement['edition']}"),
        ("type", wording.label(AgreementType(agreement["agreement_type"]))),
        ("party", _party(agreement) or wording.sentence("all_customers")),
        ("validity", f"{agreement['valid_from'] or '…'} – {last or wording.sentence('no_end')}"),
    ]


def _process(kind: str, wording: Wording) -> str:
    """Return the name of the process that tickets of that kind go through."""
    return sentences(wording.language)[TABLE].get(f"process_{kind}", kind)


def _duration(seconds: int, wording: Wording) -> str:
    """Return a time in hours and minutes, of business time."""
    hours, rest = divmod(seconds, HOUR)
    minutes, left = divmod(rest, MINUTE)
    parts = ((hours, "hours"), (minutes, "minutes"), (left, "seconds"))
    return " ".join(f"{number} {wording.sentence(unit)}" for number, unit in parts if number)


def _signatures(signatures: Sequence[Signature], wording: Wording) -> list[tuple[str, ...]]:
    """Return the lines on which both parties have signed, or sign."""
    return [
        (
            wording.label(signature.side),
            signature.name or "",
            "" if signature.signed_at is None else f"{signature.signed_at:%Y-%m-%d %H:%M} UTC",
            signature.document or "",
        )
        for signature in signatures
    ]


def _party(agreement: Mapping[str, Any]) -> str | None:
    party = agreement["customer"] or agreement["team"] or agreement["supplier"]
    return None if party is None else party["name"]


def _scope(printed: Printed, wording: Wording) -> list[Fact]:
    agreement = printed.agreement
    represents_it, represents_party = (
        (agreement[name] or {}).get("name") for name in ("representative", "party_representative")
    )
    return [
        ("services", _named(printed, "service", agreement["services"]) or wording.sentence("all_services")),
        ("catalogue_items", _named(printed, "catalogue_item", agreement["catalogue_items"])),
        ("business_process", agreement["business_process"]),
        ("calendar", agreement["calendar"] and printed.name(CALENDAR, agreement["calendar"])),
        ("represents_it", represents_it),
        ("represents_party", represents_party),
        ("rests_on", ", ".join(printed.beneath)),
    ]


def _named(printed: Printed, kind: str, keys: Iterable[str] | None) -> str:
    """Return the names of the records of that kind and these keys."""
    return ", ".join(printed.name(kind, key) for key in keys or ())


def _target(target: Mapping[str, Any], printed: Printed, wording: Wording) -> tuple[str, ...]:
    return (
        target["id"],
        _metric(target, printed, wording),
        ", ".join(_conditions_of(target, printed, wording)) or wording.sentence("all_cases"),
        _threshold(target, wording),
        _compliance(target, wording),
        printed.name(CALENDAR, target["calendar"]) if target["calendar"] else EMPTY_CELL,
        ", ".join(wording.label(HoldReason(reason)) for reason in target["pause_reasons"]) or EMPTY_CELL,
    )


def _metric(target: Mapping[str, Any], printed: Printed, wording: Wording) -> str:
    """Return what is measured: for a KPI its name."""
    metric = wording.label(TargetMetric(target["metric"]))
    return f"{metric}: {printed.name('kpi', target['kpi'])}" if target["kpi"] else metric


def _threshold(target: Mapping[str, Any], wording: Wording) -> str:
    sign = SIGNS[TargetComparator(target["comparator"])]
    if TargetMetric(target["metric"]) in CLOCKS:
        return f"{sign} {_duration(target['threshold_seconds'] or 0, wording)}"
    if target["threshold"] is None:
        return f"{sign} …"
    if TargetMetric(target["metric"]) is TargetMetric.availability:
        return f"{sign} {percent(target['threshold'])}"
    return f"{sign} {target['threshold']}"


def _compliance(target: Mapping[str, Any], wording: Wording) -> str:
    """Return the share of the cases that are to meet the target; only clocks have cases that do or do not."""
    if target["compliance"] is not None:
        return f"≥ {percent(target['compliance'])}"
    return wording.sentence("all_cases") if TargetMetric(target["metric"]) in CLOCKS else EMPTY_CELL


def _conditions_of(target: Mapping[str, Any], printed: Printed, wording: Wording) -> Iterable[str]:
    for name in CONDITIONS:
        if target[name]:
            is_process = name == "process"
            yield _process(target[name], wording) if is_process else printed.name(name, target[name])


def _conditions(agreement: Mapping[str, Any], wording: Wording) -> list[Fact]:
    price = None
    if agreement["price_amount"]:
        period = wording.label(ReportingPeriod(agreement["price_period"]))
        price = f"{agreement['price_amount']} {agreement['price_currency'] or ''} / {period}"
    maintenance = "maintenance_counted" if agreement["maintenance_counts"] else "maintenance_left_out"
    reporting = agreement["reporting_period"]
    return [
        *((name, _number(agreement[name])) for name in ("notice_days", "reopen_days")),
        ("degraded_weight", agreement["degraded_weight"]),
        ("maintenance", wording.sentence(maintenance)),
        ("reporting_period", None if reporting is None else wording.label(ReportingPeriod(reporting))),
        ("review_months", _number(agreement["review_months"])),
        ("price", price),
    ]


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


def _consequences(consequences: Sequence[Mapping[str, Any]], wording: Wording) -> Iterable[tuple[str, ...]]:
    for consequence in consequences:
        kind = wording.label(ConsequenceKind(consequence["kind"]))
        for tier in consequence["tiers"]:
            credit = f"{tier['percent']} %" if tier["percent"] else tier["amount"] or ""
            yield consequence["target"], kind, tier["below"], credit


def _workload(agreement: Mapping[str, Any], wording: Wording) -> list[tuple[str, ...]]:
    return [
        (
            _process(expected["process"], wording),
            str(expected["cases"]),
            wording.label(ReportingPeriod(expected["per"])),
        )
        for expected in agreement["workload"] or ()
    ]
