"""Lifecycle of suggestions for improvements: anybody offers them, or a rule; the monthly assessment decides.

offered ─► selected | declined | merged | deferred ─► selected | declined | deferred
"""

from __future__ import annotations

from typing import Any

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import Record
from app.foundation.editing import apply_patch
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.actions.actor_policy import anybody, author, process_owner, quality_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.related import RelatedCommand
from app.kernel.actions.rules import Rules, ValueTaken
from app.kpis.catalogue import KPIS
from app.log.events import stream
from app.processes.improvement_suggestions import checks
from app.processes.improvement_suggestions.face import FACE
from app.processes.improvement_suggestions.payloads import (
    AddEvidenceImprovementSuggestion,
    DeclineImprovementSuggestion,
    DeferImprovementSuggestion,
    EditImprovementSuggestion,
    Evidence,
    MergeImprovementSuggestion,
    OfferImprovementSuggestion,
    SelectImprovementSuggestion,
    TakeOverImprovementSuggestion,
)
from app.processes.improvement_suggestions.preparation import NewProposers, new_proposers
from app.processes.improvement_suggestions.records import (
    OPEN,
    ImprovementSuggestion,
    SuggestionEvidence,
    SuggestionProposer,
)
from app.processes.improvement_suggestions.records import SuggestionState as State


def offer(suggestion: ImprovementSuggestion, body: OfferImprovementSuggestion, ctx: ActionContext) -> None:
    """Offer an improvement suggestion, with its reasons."""
    assert ctx.assigned.number is not None, "suggestions have numbers"
    suggestion.number = ctx.assigned.number
    copy_fields(suggestion, body, ctx)
    suggestion.author_id = ctx.caller.person_id
    if suggestion.author_id is not None:
        ctx.outcome.add(
            SuggestionProposer(
                id=ctx.new_id(),
                record=suggestion.row_key,
                person_id=suggestion.author_id,
                added_at=ctx.occurred_at,
            )
        )
    _add_shown_by(suggestion, body.shown_by, ctx)


def _add_shown_by(suggestion: ImprovementSuggestion, evidence: Evidence, ctx: ActionContext) -> None:
    for n, piece in enumerate(evidence):
        about = ctx.ref(Record, f"shown_by/{n}/about")
        _add_row(
            suggestion, ctx, None if about is None else about.row_key, piece.text, piece.kpi, piece.period
        )


def _add_row(
    suggestion: ImprovementSuggestion,
    ctx: ActionContext,
    about: str | None,
    text: str,
    kpi: str | None = None,
    period: str | None = None,
) -> None:
    row = SuggestionEvidence(
        id=ctx.new_id(),
        record=suggestion.row_key,
        about=about,
        text=text,
        kpi=kpi,
        period=period,
        added_at=ctx.occurred_at,
    )
    ctx.outcome.add(row)


def add_evidence(
    suggestion: ImprovementSuggestion, body: AddEvidenceImprovementSuggestion, ctx: ActionContext
) -> None:
    """Add evidence to the suggestion: another signal with the same cause and scope."""
    _add_shown_by(suggestion, body.shown_by, ctx)


def edit(suggestion: ImprovementSuggestion, body: EditImprovementSuggestion, ctx: ActionContext) -> None:
    """Edit the suggestion, while it is undecided."""
    apply_patch(suggestion, body, ctx)


def merge(suggestion: ImprovementSuggestion, body: MergeImprovementSuggestion, ctx: ActionContext) -> None:
    """Merge the suggestion: a similar one gets its proposers."""
    suggestion.merged_into_id = ctx.required_ref(ImprovementSuggestion, "into").id
    _decide(suggestion, ctx)


def take_over_proposers(
    suggestion: ImprovementSuggestion, body: TakeOverImprovementSuggestion, ctx: ActionContext
) -> None:
    """Take proposers over into the suggestion, from one that was merged into it. Later signals of an
    automation rule's cause are added to this suggestion too.
    """
    merged = ctx.required_ref(ImprovementSuggestion, "merged")
    if suggestion.cause is None:
        suggestion.cause, suggestion.cause_scope = merged.cause, merged.cause_scope
    for person in ctx.prepared(NewProposers).persons:
        ctx.outcome.add(
            SuggestionProposer(
                id=ctx.new_id(),
                record=suggestion.row_key,
                person_id=person,
                merged_from_id=merged.id,
                added_at=ctx.occurred_at,
            )
        )
    _add_row(suggestion, ctx, merged.row_key, str(merged.title))


def select(suggestion: ImprovementSuggestion, body: SelectImprovementSuggestion, ctx: ActionContext) -> None:
    """Select the suggestion: an improvement carries it out."""
    suggestion.improvement_id = ctx.required_ref(Record, "improvement").id
    _decide(suggestion, ctx)


def decline(
    suggestion: ImprovementSuggestion, body: DeclineImprovementSuggestion, ctx: ActionContext
) -> None:
    """Decline the suggestion, with the reason."""
    suggestion.reason = body.reason
    _decide(suggestion, ctx)


def defer(suggestion: ImprovementSuggestion, body: DeferImprovementSuggestion, ctx: ActionContext) -> None:
    """Defer the suggestion until a date; the first assessment after the date includes it again."""
    suggestion.reason, suggestion.deferred_until_at = body.reason, body.until_at
    _decide(suggestion, ctx)


def _decide(suggestion: ImprovementSuggestion, ctx: ActionContext) -> None:
    """Set who decided on the suggestion, when, and in which assessment."""
    assessment = ctx.ref(Record, "assessment")
    suggestion.assessment_id = None if assessment is None else assessment.id
    suggestion.decided_at, suggestion.decided_by_id = ctx.occurred_at, ctx.caller.person_id


def _taken_over(suggestion: ImprovementSuggestion, body: Any) -> TakeOverImprovementSuggestion:
    return TakeOverImprovementSuggestion(merged=str(suggestion.id))


TAKE_OVER_PROPOSERS = RelatedCommand(
    action="take_over",
    field="into",
    record=lambda ctx: stream(ImprovementSuggestion.KIND, ctx.required_ref(ImprovementSuggestion, "into").id),
    body=_taken_over,
)
#: Proposers are notified of the outcome of their suggestion.
PROPOSERS = (RecipientRule(NoticeType.suggestion_settled, children=SuggestionProposer),)
EDITORS = author | quality_manager
MERGERS = quality_manager | process_owner
SUGGESTION_READERS = {
    Role.committee_member: "decides which suggestions are taken up",
    Role.project_manager: "makes what is suggested",
}

# fmt: off
LIFECYCLE = Lifecycle(
    kind="improvement_suggestion", plural="improvement_suggestions", zh="改进建议", record=ImprovementSuggestion, code="SUG",
    visible=(to_staff(), to_persons("author_id")), access=KindAccess(also_seen_by=SUGGESTION_READERS),
    children=(SuggestionProposer, SuggestionEvidence), lookup=Lookup(vocabulary=frozenset(KPIS)),
    rules=Rules(constraints={"improvement_suggestion_cause_key": ValueTaken("cause_scope")}),
    face=FACE,
    rows=(
        #      action        中文      from             to              who              event
        action(offer,        "提出",     NEW_RECORD,      State.offered,  anybody | rule,  "improvement_suggestion.offered",
               wrong=(checks.words_missing, checks.scope_does_not_fit, checks.cause_of_people, checks.unknown_kpi)),
        action(add_evidence, "补充依据", OPEN,            STAYS,          rule,            "improvement_suggestion.evidence_added",
               wrong=(checks.unknown_kpi,)),
        action(edit,         "编辑",     [State.offered], STAYS,          EDITORS,         "improvement_suggestion.edited",
               wrong=(checks.edit_does_not_fit,)),
        action(merge,        "合并",     [State.offered], State.merged,   MERGERS,         "improvement_suggestion.merged",
               wrong=(checks.cannot_go_on, checks.merges_into_own), related=TAKE_OVER_PROPOSERS, notifies=PROPOSERS),
        action(take_over_proposers, "接收", OPEN,         STAYS,          MERGERS,         "improvement_suggestion.proposers_added",
               name="take_over", prepare=(new_proposers,), wrong=(checks.not_merged_into_it,)),
        action(select,       "选定",     OPEN,            State.selected, quality_manager, "improvement_suggestion.selected", notifies=PROPOSERS),
        action(decline,      "不采纳",   OPEN,            State.declined, quality_manager, "improvement_suggestion.declined",
               wrong=(checks.assessment_decides,), notifies=PROPOSERS),
        action(defer,        "暂缓",     OPEN,            State.deferred, quality_manager, "improvement_suggestion.deferred",
               wrong=(checks.until_in_past, checks.assessment_decides), notifies=PROPOSERS),
    ),
)
# fmt: on
