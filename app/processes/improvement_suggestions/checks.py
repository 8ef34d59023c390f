"""Checks of actions on suggestions, beyond state and role. Each raises the code of its refusal."""

from __future__ import annotations

from app.common.improvement import ASPECTS, ImprovementAspect, ImprovementScope
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue, caller_check
from app.kpis.catalogue import KPIS
from app.processes.improvement_suggestions.assessing_lookups import open_assessment
from app.processes.improvement_suggestions.payloads import (
    AddEvidenceImprovementSuggestion,
    DeclineImprovementSuggestion,
    DeferImprovementSuggestion,
    EditImprovementSuggestion,
    MergeImprovementSuggestion,
    OfferImprovementSuggestion,
    TakeOverImprovementSuggestion,
)
from app.processes.improvement_suggestions.records import OPEN, ImprovementSuggestion


async def words_missing(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: OfferImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse a person's suggestion without its content and reason (`missing`). The content of a rule's
    suggestion stands in its evidence.
    """
    for name in () if ctx.caller.person_id is None else ("what", "why"):
        if getattr(body, name) is None:
            raise WrongValue(pointer=f"/{name}", because="missing")


async def scope_does_not_fit(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: OfferImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse a process or an aspect that does not fit the scope, and a target without its plan."""
    _check_fit(body.scope, body.process, body.aspect)
    _check_target(body.plan is not None, body.plan_target)


async def edit_does_not_fit(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: EditImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse an edit after which process, aspect or target would not fit."""

    def after(name: str) -> object:
        return getattr(body if name in body.model_fields_set else suggestion, name)

    scope, aspect = ImprovementScope(str(after("scope"))), ImprovementAspect(str(after("aspect")))
    process, target = after("process"), after("plan_target")
    _check_fit(scope, None if process is None else str(process), aspect)
    planned = body.plan if "plan" in body.model_fields_set else suggestion.plan_id
    _check_target(planned is not None, None if target is None else str(target))


def _check_fit(scope: ImprovementScope, process: str | None, aspect: ImprovementAspect) -> None:
    if scope is ImprovementScope.process and process is None:
        raise WrongValue(pointer="/process", because="missing")
    if scope is ImprovementScope.department and process is not None:
        raise WrongValue(pointer="/process", because="department_has_no_process")
    if aspect not in ASPECTS[scope]:
        words = {"aspects": [candidate for candidate in ImprovementAspect if candidate in ASPECTS[scope]]}
        raise WrongValue(words, pointer="/aspect", because="aspect_of_other_scope")


def _check_target(planned: bool, target: str | None) -> None:
    if target is not None and not planned:
        raise WrongValue(pointer="/plan", because="missing")


async def cause_of_people(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: OfferImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse a cause that a person gives (`only_rules_give_it`), and a rule's without its scope, or the
    reverse (`missing`).
    """
    causes = {"cause": body.cause, "cause_scope": body.cause_scope}
    for name, value in causes.items():
        if value is not None and not ctx.caller.is_rule:
            raise WrongValue(pointer=f"/{name}", because="only_rules_give_it")
        if value is None and ctx.caller.is_rule:
            raise WrongValue(pointer=f"/{name}", because="missing")


async def unknown_kpi(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: OfferImprovementSuggestion | AddEvidenceImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse evidence of an unknown KPI (`unknown_value`)."""
    for n, evidence in enumerate(body.shown_by):
        if evidence.kpi is not None and evidence.kpi not in KPIS:
            raise WrongValue({"value": evidence.kpi}, pointer=f"/shown_by/{n}/kpi", because="unknown_value")


async def cannot_go_on(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: MergeImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse to merge a suggestion into itself (`merged_into_itself`), into one that is settled
    (`suggestion_settled`), or into one of another process (`process_of_suggestion`).
    """
    into = ctx.required_ref(ImprovementSuggestion, "into")
    if into.id == suggestion.id:
        raise WrongValue(pointer="/into", because="merged_into_itself")
    if into.state not in OPEN:
        raise WrongValue({"number": into.number}, pointer="/into", because="suggestion_settled")
    if suggestion.process not in (None, into.process):
        words = {"process": suggestion.process}
        raise WrongValue(words, pointer="/into", because="process_of_suggestion")


async def not_merged_into_it(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: TakeOverImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse to take over the proposers of a suggestion that is not merged into this one
    (`not_merged_into_it`).
    """
    if ctx.required_ref(ImprovementSuggestion, "merged").merged_into_id != suggestion.id:
        raise WrongValue(pointer="/merged", because="not_merged_into_it")


async def until_in_past(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: DeferImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse to defer the suggestion until a time that is over (`not_ahead`)."""
    if body.until_at <= ctx.counts_from:
        raise WrongValue(pointer="/until_at", because="not_ahead")


@caller_check
async def assessment_decides(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: DeclineImprovementSuggestion | DeferImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse to settle apart what an open assessment has (`being_assessed`), and what another person
    suggested (`assessment_decides`): the conclusion of an assessment does.
    """
    if ctx.command.follows:
        return
    number = await open_assessment(reads, suggestion.id)
    if number is not None:
        raise PreparationRefused("being_assessed", {"number": number})
    if suggestion.author_id not in (None, ctx.caller.person_id):
        raise PreparationRefused("assessment_decides")


async def merges_into_own(
    reads: ReadContext,
    suggestion: ImprovementSuggestion,
    body: MergeImprovementSuggestion,
    ctx: ActionContext,
) -> None:
    """Refuse to merge the suggestion of others into one's own (`merges_into_own`)."""
    into, me = ctx.required_ref(ImprovementSuggestion, "into"), ctx.caller.person_id
    if me is not None and into.author_id == me != suggestion.author_id:
        raise WrongValue(pointer="/into", because="merges_into_own")
