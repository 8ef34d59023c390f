"""Lifecycle of scorecards: opened when a quarter is over, rated, published, objected to, talked over.

open ─► published | talk ─► settled          published | talk | settled ─► objected ─► any of these
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.decisions.authorship import agrees_to_what_was_read
from app.foundation.people.succession.handing_over import succession_rows
from app.governance.scorecards import checks
from app.governance.scorecards.editions import weights_of
from app.governance.scorecards.marks import (
    MarkedFigure,
    known_by_log,
    mark_of_rating,
    mark_of_value,
    rounded,
    score_of,
)
from app.governance.scorecards.payloads import (
    ConfirmYearScorecard,
    CountedFigure,
    DecideObjectionScorecard,
    JudgeYearScorecard,
    ObjectScorecard,
    OpenScorecard,
    PublishScorecard,
    SettleScorecard,
)
from app.governance.scorecards.preparation import (
    CardEdition,
    Concerned,
    concerned,
    edition_at_begin,
    edition_of_card,
    successors,
)
from app.governance.scorecards.records import (
    Scorecard,
    ScorecardDimension,
    ScorecardEdition,
    ScorecardFigure,
)
from app.governance.scorecards.records import ScorecardState as State
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import RecordDuty, process_relation, quality_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.rules import Rules, ValueTaken


def open_(card: Scorecard, body: OpenScorecard, ctx: ActionContext) -> None:
    """Open a scorecard, for a quarter that is over: its raters are asked."""
    assert ctx.assigned.number is not None, "scorecards have numbers"
    card.number = ctx.assigned.number
    copy_fields(card, body, ctx)
    subject, edition = ctx.prepared(Concerned), ctx.prepared(CardEdition).edition
    card.concerned_id, card.superior_id = subject.person_id, subject.superior_id
    card.edition_id = edition.id
    assert edition.rating_days is not None
    # Whoever opens it chooses no shorter time by an earlier date.
    card.rating_due_at = ctx.counts_from + timedelta(days=edition.rating_days)


def follow_leads(card: Scorecard, body: EmptyPayload, ctx: ActionContext) -> None:
    """Follow the leads of a scorecard: a new lead of its team, or a new superior, takes over what is open."""
    successors = ctx.prepared(Concerned)
    card.concerned_id, card.superior_id = successors.person_id, successors.superior_id
    if card.talker_id is not None:
        card.talker_id = card.superior_id


def publish(card: Scorecard, body: PublishScorecard, ctx: ActionContext) -> None:
    """Publish the scorecard: figures and ratings are turned into marks, weighted and stored."""
    edition = ctx.prepared(CardEdition).edition
    marked = [mark_of_figure(figure, edition) for figure in body.figures]
    by_log = known_by_log(marked)
    for figure, mark in zip(body.figures, marked, strict=True):
        row = ScorecardFigure(
            id=ctx.new_id(),
            record=card.row_key,
            mark=str(mark.mark),
            counts=(mark.part is None) is (mark.dimension in by_log),
            counted_at=ctx.occurred_at,
        )
        copy_fields(row, figure, ctx)
        ctx.outcome.add(row)
    scored = score_of(marked, body.points or 0, weights_of(edition))
    for dimension in ScorecardDimension:
        mark_text = scored.marks.get(dimension)
        setattr(card, dimension.value, None if mark_text is None else str(mark_text))
    card.position, card.points, card.published_at = body.position, body.points, ctx.occurred_at
    card.score = card.final_score = None if scored.score is None else str(scored.score)
    assert edition.objection_days is not None
    card.objection_until_at = ctx.counts_from + timedelta(days=edition.objection_days)
    _judge(card, below=scored.below_line)


def mark_of_figure(figure: CountedFigure, edition: ScorecardEdition) -> MarkedFigure:
    """Return the marks of the figure: of a KPI as the edition measures it, of ratings by their scale."""
    reading = Decimal(figure.reading)
    if figure.kpi is None:
        return MarkedFigure(figure.dimension, mark_of_rating(reading), figure.part)
    measure = next(
        measure
        for measure in edition.measures or ()
        if (measure["dimension"], measure["kpi"]) == (figure.dimension.value, figure.kpi)
    )
    mark = mark_of_value(reading, Decimal(measure["best"]), Decimal(measure["worst"]))
    return MarkedFigure(figure.dimension, mark)


def _judge(card: Scorecard, *, below: bool) -> None:
    """Say whether it is below the line: then the talk is the superior's to hold."""
    card.below_line = below
    card.talker_id = card.superior_id if below or card.outcome is not None else None


def object_(card: Scorecard, body: ObjectScorecard, ctx: ActionContext) -> None:
    """Object to the scorecard. This is possible once."""
    copy_fields(card, body, ctx)


def decide_objection(card: Scorecard, body: DecideObjectionScorecard, ctx: ActionContext) -> None:
    """Decide the objection to the scorecard: its score stands or is corrected. The counted figures stay."""
    card.verdict, card.verdict_reason = body.verdict, body.verdict_reason
    card.objection_decided_at = ctx.occurred_at
    if body.final_score is not None:
        card.final_score = str(rounded(Decimal(body.final_score)))
        line = ctx.prepared(CardEdition).edition.line
        assert line is not None
        _judge(card, below=Decimal(card.final_score) < line)


def settle(card: Scorecard, body: SettleScorecard, ctx: ActionContext) -> None:
    """Settle the scorecard, with the outcome of the improvement talk."""
    copy_fields(card, body, ctx)
    card.settled_by_id = ctx.caller.person_id


def confirm_outcome(card: Scorecard, body: EmptyPayload, ctx: ActionContext) -> None:
    """Confirm the scorecard's outcome: the improvement talk was held, and the person agrees."""
    card.outcome_confirmed_at = ctx.occurred_at


def judge_year(card: Scorecard, body: JudgeYearScorecard, ctx: ActionContext) -> None:
    """Judge the scorecard's year: it is judged as a whole, after a talk with the person."""
    copy_fields(card, body, ctx, without="year_score")
    card.year_score = str(rounded(Decimal(body.year_score)))
    card.year_judged_by_id, card.year_judged_at = ctx.caller.person_id, ctx.occurred_at


def confirm_year(card: Scorecard, body: ConfirmYearScorecard, ctx: ActionContext) -> None:
    """Confirm the scorecard's year: the talk was held, and its plan is agreed."""
    card.year_confirmed_at = ctx.occurred_at


def conclude(card: Scorecard, body: EmptyPayload, ctx: ActionContext) -> None:
    """Conclude the scorecard: no talk is due, and the time to object is over."""


def _published_state(card: Scorecard) -> State:
    """Return the state after the publication."""
    return State.talk if card.below_line else State.published


def _answered_state(card: Scorecard) -> State:
    """Return the state after a verdict: what was talked over before stays settled."""
    return State.settled if card.was_talked_over else _published_state(card)


concerned_person = process_relation("scorecard_concerned", "whose it is", "当事人", "concerned_id")
talker = process_relation("scorecard_talker", "the superior who talks it over", "面谈上级", "talker_id")
superior = process_relation("scorecard_superior", "the superior", "上级", "superior_id")
CONCERNED = RecordDuty("person concerned", "当事人", ("concerned_id",))
SUPERIOR = RecordDuty("superior who has rated it", "评分上级", ("superior_id",))
PUBLISHED = Branch(_published_state, (State.published, State.talk))
ANSWERED = Branch(_answered_state, (State.published, State.talk, State.settled))
TELL_PUBLISHED = (
    RecipientRule(NoticeType.scorecard_published, field="concerned_id"),
    RecipientRule(NoticeType.scorecard_talk, field="talker_id"),
)
TELL_JUDGES = (RecipientRule(NoticeType.scorecard_objected, roles=frozenset({Role.quality_manager})),)
TELL_VERDICT = (
    RecipientRule(NoticeType.scorecard_objection_decided, field="concerned_id"),
    RecipientRule(NoticeType.scorecard_talk, field="talker_id", when="below_line"),
)
TELL_OF_OUTCOME = (
    RecipientRule(NoticeType.scorecard_settled, field="concerned_id"),
    RecipientRule(NoticeType.scorecard_talk_recorded, field="superior_id"),
)
TELL_TALKER = (RecipientRule(NoticeType.scorecard_talk, field="talker_id", when="talk_is_due"),)
TELL_YEAR = (RecipientRule(NoticeType.year_judged, field="concerned_id"),)
OBJECTIONABLE = (State.published, State.talk, State.settled)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="scorecard", plural="scorecards", zh="记分卡", record=Scorecard, code="SCO",
    # No auditor or administrator sees it. Management sees who did well, and recognises it.
    visible=(to_persons("concerned_id", "superior_id", "talker_id"),), access=KindAccess(oversight=frozenset({Role.management})),
    children=(ScorecardFigure,), rules=Rules(constraints={"scorecard_subject_key": ValueTaken("quarter")}),
    rows=(
        #      action            中文        from               to               who                       event
        action(open_,            "开启",     NEW_RECORD,        State.open,      quality_manager | rule,   "scorecard.opened",
               prepare=(concerned, edition_at_begin), wrong=(checks.scorecard_invalid,)),
        action(publish,          "公布",     [State.open],      PUBLISHED,       rule,                     "scorecard.published",
               prepare=(edition_of_card,), wrong=(checks.figures_invalid,), notifies=TELL_PUBLISHED),
        action(object_,          "申诉",     OBJECTIONABLE,     State.objected,  concerned_person,         "scorecard.objected",
               unless=(checks.objection_over,), notifies=TELL_JUDGES),
        action(decide_objection, "裁定申诉", [State.objected],  ANSWERED,        quality_manager,          "scorecard.objection_decided",
               prepare=(edition_of_card,), wrong=(checks.correction_invalid,), segregate_from=(CONCERNED, SUPERIOR), notifies=TELL_VERDICT),
        action(settle,           "完成面谈", [State.talk],      State.settled,   talker | quality_manager, "scorecard.settled",
               wrong=(checks.plan_invalid,), segregate_from=(CONCERNED,), notifies=TELL_OF_OUTCOME),
        action(confirm_outcome,  "确认面谈结果", [State.settled], STAYS, concerned_person.in_person(), "scorecard.outcome_confirmed",
               unless=(checks.no_outcome_to_confirm,), wrong=(agrees_to_what_was_read(("settled",)),)),
        action(judge_year,       "年度评定", OBJECTIONABLE,      STAYS,          superior | quality_manager, "scorecard.year_judged",
               unless=(checks.no_year_to_judge,), wrong=(checks.year_score_invalid,), segregate_from=(CONCERNED,), notifies=TELL_YEAR),
        action(confirm_year,     "确认年度评定", OBJECTIONABLE,  STAYS,          concerned_person.in_person(), "scorecard.year_confirmed",
               unless=(checks.no_year_to_confirm,), wrong=(agrees_to_what_was_read(("year_judged",)),)),
        action(conclude,         "申诉期满办结", [State.published], State.settled,   rule,                     "scorecard.concluded",
               due=DueAt("objection_until_at", "conclude_scorecards")),
        action(follow_leads,          "转交",     State,             STAYS,           rule,                     "scorecard.passed_on",
               unless=(checks.nothing_left_open,), prepare=(successors,), wrong=(checks.same_people,), notifies=TELL_TALKER),
        *succession_rows("scorecard", State, named={"superior_id": checks.successor_does_not_fit}),
    ),
)
# fmt: on
