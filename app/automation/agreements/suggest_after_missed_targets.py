"""Suggests an improvement when a service report shows missed targets of an agreement."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from app.common.improvement import ImprovementAspect, SuggestionSource
from app.kernel.access.reads import load
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.processes.improvement_suggestions.lookups import (
    ImprovementSignal,
    line_of_rule,
    listed,
    suggestion_for,
)
from app.processes.improvement_suggestions.payloads import GivenEvidence
from app.processes.improvement_suggestions.records import SuggestionCause

MISSED_BEFORE = "select missed from fold.sla_report where record = %s and number = %s and edition = %s"


async def suggest_after_missed_targets(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the suggestion for the agreement whose report names missed targets, or what joins it; of a
    correction those that the edition before does not name.
    """
    reports = []
    for report in event.rows_set("sla_report").values():
        if missed := await _newly_missed(ledger, event.stream, report):
            reports.append(report | {"missed": missed})
    loaded = await load(ledger.db, ledger.lifecycles["sla"], str(id_of(event.stream))) if reports else None
    if loaded is None:
        return
    evidence = tuple(
        GivenEvidence(
            about=event.stream,
            text=line_of_rule(ledger, "missed_target", {"targets": listed(report["missed"])}),
            period=report["period"],
        )
        for report in reports
    )
    number = loaded.record.number
    suggestion = await suggestion_for(
        ledger,
        ImprovementSignal(
            cause=SuggestionCause.missed_target,
            cause_scope=number,
            title=line_of_rule(ledger, "missed_target_title", {"agreement": number}),
            process=None,
            aspect=ImprovementAspect.interface,
            source=SuggestionSource.business_need,
            evidence=evidence,
        ),
    )
    if suggestion is not None:
        yield suggestion


async def _newly_missed(ledger: Ledger, agreement: str, report: Mapping[str, Any]) -> list[str]:
    before: list[str] | None = None
    if report["edition"] > 1:
        earlier = agreement, report["number"], report["edition"] - 1
        before = await ledger.db.value(MISSED_BEFORE, earlier)
    return [target for target in report.get("missed") or () if target not in (before or ())]


RULE = Rule(
    "suggest_after_missed_targets",
    ("sla.report_issued", "sla.report_corrected"),
    suggest_after_missed_targets,
)
