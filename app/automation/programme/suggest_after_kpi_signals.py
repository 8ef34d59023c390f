"""Suggests an improvement when a KPI of the organisation, or of a service, has changed for the worse beyond
its natural limits. A recently declined candidate for a problem of that service is also named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from app.common.improvement import ImprovementAspect, SuggestionSource
from app.kernel.access.reads import load
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.declaration.marks import SignalState
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.scopes import KpiScope, ScopeKind
from app.kpis.signals.records import KpiSignal
from app.log.events import Recorded, id_of
from app.processes.improvement_suggestions.lookups import (
    ImprovementSignal,
    line_of_rule,
    names_in_both_languages,
    suggestion_for,
)
from app.processes.improvement_suggestions.payloads import GivenEvidence
from app.processes.improvement_suggestions.records import SuggestionCause

DECLINED_CANDIDATES = """
select id from fold.problem_candidate
where dimension = 'service' and value = %s and state = 'declined' and decided_at > %s"""


async def suggest_after_kpi_signals(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the suggestion for the KPI and scope of the signal, or what joins it, if it still needs
    attention.
    """
    loaded = await load(ledger.db, ledger.lifecycles["kpi_signal"], str(id_of(event.stream)))
    if loaded is None:
        return
    signal: KpiSignal = loaded.record
    of_team = signal.team_id is not None
    if of_team or not signal.needs_attention or signal.state is SignalState.withdrawn:
        return
    kpi = KPIS[str(signal.kpi)]
    scope = KpiScope(signal.service, signal.team_id).name
    is_process = kpi.process in ledger.lifecycles
    en, zh = await _scope_names(ledger, signal)
    suggestion = await suggestion_for(
        ledger,
        ImprovementSignal(
            cause=SuggestionCause.kpi_signal,
            cause_scope=f"kpi:{kpi.key}:{scope}",
            title=line_of_rule(
                ledger,
                "kpi_signal_title",
                {"kpi": kpi.en.name, "scope": en},
                {"kpi": kpi.zh.name, "scope": zh},
            ),
            process=kpi.process if is_process else None,
            aspect=ImprovementAspect.efficiency if is_process else ImprovementAspect.interface,
            source=SuggestionSource.kpi_trend,
            evidence=(_evidence(ledger, signal), *await _candidates(ledger, signal, event)),
        ),
    )
    if suggestion is not None:
        yield suggestion


async def _scope_names(ledger: Ledger, signal: KpiSignal) -> tuple[str, str]:
    """Return what the signal is about, in English and in Chinese."""
    if signal.service is None:
        return ScopeKind.organisation.label("en"), ScopeKind.organisation.label("zh")
    return await names_in_both_languages(ledger, "service", signal.service)


def _evidence(ledger: Ledger, signal: KpiSignal) -> GivenEvidence:
    assert signal.begins_at is not None
    zone = ZoneInfo(str(signal.zone))
    begins = signal.begins_at.astimezone(zone).date()
    en, zh = (
        ChartWords(language, KPIS[str(signal.kpi)].unit, zone, ledger.settings.currency, precision=1)
        for language in ("en", "zh")
    )
    values = {name: float(getattr(signal, name)) for name in ("value", "centre", "low", "high")}
    return GivenEvidence(
        about=signal.row_key,
        text=line_of_rule(
            ledger,
            "kpi_signal",
            {name: en.value(value) for name, value in values.items()},
            {name: zh.value(value) for name, value in values.items()},
        ),
        kpi=signal.kpi,
        period=f"{begins} ({signal.grain})",
    )


async def _candidates(ledger: Ledger, signal: KpiSignal, event: Recorded) -> list[GivenEvidence]:
    """Return the evidence that candidates of the signal's service give which were declined lately."""
    if signal.service is None:
        return []
    since = event.occurred_at - timedelta(days=ledger.settings.recurrence_days)
    rows = await ledger.db.rows(DECLINED_CANDIDATES, (signal.service, since))
    text = line_of_rule(ledger, "declined_candidate", {"value": signal.service})
    return [GivenEvidence(about=f"problem_candidate/{row['id']}", text=text) for row in rows]


RULE = Rule(
    "suggest_after_kpi_signals", ("kpi_signal.noted", "kpi_signal.noted_again"), suggest_after_kpi_signals
)
