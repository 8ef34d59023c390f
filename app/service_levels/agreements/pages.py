"""An agreement's documents as pages fit to print on A4: the agreement, its specification sheet and its
service quality plan, with the signatures of both parties.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any

from app.common.clocks import AgreementType
from app.common.tickets import HoldReason
from app.foundation.documents.page_parts import PageParts
from app.foundation.documents.records import DocumentClass, DocumentState
from app.i18n import sentences
from app.service_levels.agreements.measures import CONDITIONS
from app.service_levels.agreements.records import (
    CLOCKS,
    AgreementSide,
    ConsequenceKind,
    ReportingPeriod,
    TargetComparator,
    TargetMetric,
)

#: The table of the sentences on these pages.
TABLE = "agreement_page"
HOUR, MINUTE = 3600, 60
#: In a cell without a value.
EMPTY_CELL = "–"
#: As HTML.
SIGNS = {
    TargetComparator.lt: "&lt;",
    TargetComparator.le: "≤",
    TargetComparator.gt: "&gt;",
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
    agreements beneath, and the signatures.
    """

    agreement: Mapping[str, Any]
    document_class: DocumentClass
    number: str
    edition: int
    state: DocumentState
    beneath: Sequence[str]
    signatures: Sequence[Signature]


def title_of(printed: Printed, language: str) -> str:
    """Return the title of the document's page."""
    return f"{printed.document_class.label(language)} · {printed.agreement['title']}"


def body_of(printed: Printed, language: str) -> str:
    """Return the document as HTML."""
    sections = {
        DocumentClass.SL: _agreement,
        DocumentClass.SS: _specification,
        DocumentClass.QP: _quality_plan,
    }
    return _Page(language).head(printed) + sections[printed.document_class](printed, _Page(language))


@dataclass(frozen=True, slots=True)
class _Page(PageParts):
    """The parts of an agreement's page in its language, as HTML."""

    wording: str = TABLE

    def head(self, printed: Printed) -> str:
        """Return the head of the page, which identifies the document."""
        agreement = printed.agreement
        # What was replaced, or ended early, held until then, whatever had been agreed.
        last = (
            agreement.get("superseded_from")
            or (agreement.get("ended_at") or "")[:10]
            or agreement["valid_to"]
        )
        validity = f"{agreement['valid_from'] or '…'} – {last or self.sentence('no_end')}"
        facts = (
            ("document", f"{escape(printed.number)}, {self.sentence('edition')} {printed.edition}"),
            ("state", self.label(printed.state)),
            (
                "agreement",
                f"{escape(agreement['number'])}, {self.sentence('edition')} {agreement['edition']}",
            ),
            ("type", self.label(AgreementType(agreement["agreement_type"]))),
            ("party", _party(agreement) or self.sentence("all_customers")),
            ("validity", validity),
        )
        return self.facts(facts)

    def process(self, kind: str) -> str:
        """Return the name of the process that tickets of that kind go through."""
        return escape(sentences(self.language)[TABLE].get(f"process_{kind}", kind))

    def duration(self, seconds: int) -> str:
        """Return a time in hours and minutes, of business time."""
        hours, rest = divmod(seconds, HOUR)
        minutes, left = divmod(rest, MINUTE)
        parts = ((hours, "hours"), (minutes, "minutes"), (left, "seconds"))
        return " ".join(f"{number} {self.sentence(unit)}" for number, unit in parts if number)

    def signatures(self, signatures: Sequence[Signature]) -> str:
        """Return the lines on which both parties have signed, or sign."""
        rows = [
            (
                self.label(signature.side),
                escape(signature.name or ""),
                "" if signature.signed_at is None else f"{signature.signed_at:%Y-%m-%d %H:%M} UTC",
                escape(signature.document or ""),
            )
            for signature in signatures
        ]
        table = self.table(("side", "name", "signed", "signed_document"), rows)
        return f'<section class="signatures">{self.section("signatures", table)}</section>'


def _party(agreement: Mapping[str, Any]) -> str | None:
    team = agreement["customer"] or agreement["team"] or agreement["supplier"]
    return None if team is None else escape(team["name"])


def _names(values: Sequence[str] | None) -> str | None:
    return None if not values else escape(", ".join(values))


def _agreement(printed: Printed, page: _Page) -> str:
    agreement = printed.agreement
    persons = [(agreement[name] or {}).get("name") for name in ("representative", "party_representative")]
    scope = (
        ("services", _names(agreement["services"]) or page.sentence("all_services")),
        ("catalogue_items", _names(agreement["catalogue_items"])),
        ("business_process", escape(agreement["business_process"] or "")),
        ("calendar", escape(agreement["calendar"] or "")),
        ("represents_it", escape(persons[0] or "")),
        ("represents_party", escape(persons[1] or "")),
        ("rests_on", _names(printed.beneath)),
    )
    return "".join(
        (
            page.section("scope", page.facts(scope)),
            page.text("text", agreement["text"]),
            page.section("targets", _targets(agreement["targets"] or (), page)),
            page.section("conditions", page.facts(_conditions(agreement, page))),
            page.section("consequences", _consequences(agreement["consequences"] or (), page)),
            page.section("workload", _workload(agreement, page)),
            page.text("customer_duties", agreement["customer_duties"]),
            page.text("security_boundary", agreement["security_boundary"]),
            page.text("resources", agreement["resources"]),
            page.signatures(printed.signatures),
        )
    )


def _specification(printed: Printed, page: _Page) -> str:
    agreement = printed.agreement
    return "".join(
        (
            page.text("specification", agreement["specification"]),
            page.section("targets", _targets(agreement["targets"] or (), page)),
            page.section("rests_on", f"<p>{_names(printed.beneath)}</p>" if printed.beneath else ""),
            page.signatures(printed.signatures),
        )
    )


def _quality_plan(printed: Printed, page: _Page) -> str:
    agreement = printed.agreement
    return "".join(
        (
            page.text("quality_plan", agreement["quality_plan"]),
            page.section("targets", _targets(agreement["targets"] or (), page)),
            page.section("conditions", page.facts(_conditions(agreement, page))),
            page.signatures(printed.signatures),
        )
    )


def _targets(targets: Sequence[Mapping[str, Any]], page: _Page) -> str:
    rows = [
        (
            escape(target["id"]),
            page.label(TargetMetric(target["metric"]))
            + (f" {escape(target['kpi'])}" if target["kpi"] else ""),
            ", ".join(_conditions_of(target, page)) or page.sentence("all_cases"),
            _threshold(target, page),
            _compliance(target, page),
            escape(target["calendar"] or EMPTY_CELL),
            ", ".join(page.label(HoldReason(reason)) for reason in target["pause_reasons"]) or EMPTY_CELL,
        )
        for target in targets
    ]
    return page.table(("id", "metric", "of", "threshold", "compliance", "calendar", "pauses"), rows)


def _threshold(target: Mapping[str, Any], page: _Page) -> str:
    sign = SIGNS[TargetComparator(target["comparator"])]
    if TargetMetric(target["metric"]) in CLOCKS:
        return f"{sign} {page.duration(target['threshold_seconds'] or 0)}"
    if target["threshold"] is None:
        return f"{sign} …"
    if TargetMetric(target["metric"]) is TargetMetric.availability:
        return f"{sign} {_percent(target['threshold'])}"
    return f"{sign} {escape(target['threshold'])}"


def _compliance(target: Mapping[str, Any], page: _Page) -> str:
    """Return the share of the cases that are to meet the target; only clocks have cases that do or do not."""
    if target["compliance"] is not None:
        return f"≥ {_percent(target['compliance'])}"
    return page.sentence("all_cases") if TargetMetric(target["metric"]) in CLOCKS else EMPTY_CELL


def _conditions_of(target: Mapping[str, Any], page: _Page) -> Iterable[str]:
    for name in CONDITIONS:
        if target[name]:
            yield page.process(target[name]) if name == "process" else escape(target[name])


def _percent(share: str) -> str:
    return f"{(Decimal(share) * 100).normalize():f} %"


def _conditions(agreement: Mapping[str, Any], page: _Page) -> list[tuple[str, str | None]]:
    terms = agreement
    cost = None
    if terms["cost_amount"]:
        period = page.label(ReportingPeriod(terms["cost_period"]))
        cost = f"{escape(terms['cost_amount'])} {escape(terms['cost_currency'] or '')} / {period}"
    maintenance = "maintenance_counted" if terms["maintenance_counts"] else "maintenance_left_out"
    reporting = terms["reporting_period"]
    return [
        ("notice_days", None if terms["notice_days"] is None else str(terms["notice_days"])),
        ("reopen_days", None if terms["reopen_days"] is None else str(terms["reopen_days"])),
        ("degraded_weight", escape(terms["degraded_weight"] or "")),
        ("maintenance", page.sentence(maintenance)),
        ("reporting_period", None if reporting is None else page.label(ReportingPeriod(reporting))),
        ("review_months", None if terms["review_months"] is None else str(terms["review_months"])),
        ("cost", cost),
    ]


def _consequences(consequences: Sequence[Mapping[str, Any]], page: _Page) -> str:
    rows = [
        (
            escape(consequence["target"]),
            page.label(ConsequenceKind(consequence["kind"])),
            escape(tier["below"]),
            escape(f"{tier['percent']} %" if tier["percent"] else tier["amount"] or ""),
        )
        for consequence in consequences
        for tier in consequence["tiers"]
    ]
    return page.table(("id", "consequence", "worse_than", "credit"), rows)


def _workload(agreement: Mapping[str, Any], page: _Page) -> str:
    rows = [
        (
            page.process(forecast["process"]),
            str(forecast["cases"]),
            page.label(ReportingPeriod(forecast["per"])),
        )
        for forecast in agreement["workload"] or ()
    ]
    above = agreement["workload_above"]
    introduction = f"<p>{page.sentence('above')}: {escape(above)}</p>" if above else ""
    return page.table(("process", "cases", "per"), rows) + introduction
