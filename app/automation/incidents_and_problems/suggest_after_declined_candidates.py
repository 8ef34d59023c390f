"""Suggests an improvement when incidents recur because of the process and not because of a fault: the
candidate for a problem is declined for that reason, or a signal of a KPI of the same service supports it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from app.common.improvement import ImprovementAspect, SuggestionSource
from app.kernel.access.reads import load
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.questions.scopes import KpiScope
from app.log.events import Recorded, id_of
from app.platform.db import Row
from app.processes.improvement_suggestions.lookups import (
    ImprovementSignal,
    line_of_rule,
    names_in_both_languages,
    suggestion_for,
)
from app.processes.improvement_suggestions.payloads import GivenEvidence
from app.processes.improvement_suggestions.records import SuggestionCause

STANDING_SIGNALS = """
select id, kpi from fold.kpi_signal
where scope = 'service' and service = %s and state = 'noted' and needs_attention order by id"""


async def suggest_after_declined_candidates(
    ledger: Ledger, event: Recorded
) -> AsyncIterator[RuleConsequence]:
    """Yield the suggestion for the service, CI or category of the candidate, or what joins it; and the
    candidate as further evidence for the suggestions that the signals of its service have made.
    """
    loaded = await load(ledger.db, ledger.lifecycles["problem_candidate"], str(id_of(event.stream)))
    if loaded is None:
        return
    dimension, value = loaded.record.dimension.value, loaded.record.value
    signals: list[Row] = []
    if dimension == "service":
        signals = await ledger.db.rows(STANDING_SIGNALS, (value,))
    if not (event.payload.get("process_fault") or signals):
        return
    en, zh = await names_in_both_languages(ledger, dimension, value)
    words = {"value": en}, {"value": zh}
    candidate = GivenEvidence(about=event.stream, text=line_of_rule(ledger, "declined_candidate", *words))
    suggestion: dict[str, Any] = {
        "process": "incident",
        "source": SuggestionSource.internal_review,
        "title": line_of_rule(ledger, "recurring_title", *words),
    }
    recurring = ImprovementSignal(
        cause=SuggestionCause.recurring_incidents,
        cause_scope=f"{dimension}/{value}",
        aspect=ImprovementAspect.activity,
        evidence=(candidate, *(_of_signal(ledger, row) for row in signals)),
        **suggestion,
    )
    of_signals = [
        ImprovementSignal(
            cause=SuggestionCause.kpi_signal,
            cause_scope=f"kpi:{kpi}:{KpiScope(value).name}",
            aspect=ImprovementAspect.efficiency,
            evidence=(candidate,),
            **suggestion,
        )
        for kpi in dict.fromkeys(row["kpi"] for row in signals)
    ]
    consequences = [await suggestion_for(ledger, recurring)]
    consequences += [await suggestion_for(ledger, signal, only_open=True) for signal in of_signals]
    for consequence in consequences:
        if consequence is not None:
            yield consequence


def _of_signal(ledger: Ledger, row: Row) -> GivenEvidence:
    """Return the evidence that a signal supports the candidate."""
    kpi = KPIS[row["kpi"]]
    text = line_of_rule(ledger, "standing_signal", {"kpi": kpi.en.name}, {"kpi": kpi.zh.name})
    return GivenEvidence(about=f"kpi_signal/{row['id']}", text=text, kpi=kpi.key)


RULE = Rule(
    "suggest_after_declined_candidates",
    ("problem_candidate.declined",),
    suggest_after_declined_candidates,
)
