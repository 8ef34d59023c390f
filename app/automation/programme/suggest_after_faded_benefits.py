"""Suggests an improvement when the benefit of an earlier one is found to have faded."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.common.improvement import ImprovementAspect, ImprovementScope, SuggestionSource
from app.kernel.access.reads import load
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.processes.improvement_suggestions.lookups import (
    ImprovementSignal,
    line_of_rule,
    suggestion_for,
)
from app.processes.improvement_suggestions.payloads import GivenEvidence
from app.processes.improvement_suggestions.records import SuggestionCause


async def suggest_after_faded_benefits(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the suggestion for the improvement whose benefit has faded, or what joins it."""
    loaded = await load(ledger.db, ledger.lifecycles[kind_of(event.stream)], str(id_of(event.stream)))
    if loaded is None:
        return
    improvement = loaded.record
    of_process = improvement.scope is ImprovementScope.process
    usual = ImprovementAspect.activity if of_process else ImprovementAspect.interface
    words = {"number": improvement.number, "title": improvement.title}
    suggestion = await suggestion_for(
        ledger,
        ImprovementSignal(
            cause=SuggestionCause.faded_benefit,
            cause_scope=f"improvement/{improvement.number}",
            title=line_of_rule(ledger, "faded_benefit_title", words),
            process=improvement.process if of_process else None,
            aspect=improvement.aspect or usual,
            source=SuggestionSource.improvement_feedback,
            evidence=(
                GivenEvidence(
                    about=event.stream,
                    text=line_of_rule(ledger, "faded_benefit", words),
                    period=f"{event.occurred_at.astimezone(ledger.numbers.zone):%Y-%m-%d}",
                ),
            ),
        ),
    )
    if suggestion is not None:
        yield suggestion


RULE = Rule("suggest_after_faded_benefits", ("improvement.benefit_faded",), suggest_after_faded_benefits)
