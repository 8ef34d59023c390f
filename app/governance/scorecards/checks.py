"""Checks of actions on scorecards and their ratings, beyond state and role."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from app.common.people import Person
from app.foundation.quarters import end_of_quarter
from app.governance.scorecards.lookups import rates
from app.governance.scorecards.payloads import (
    DecideObjectionScorecard,
    JudgeYearScorecard,
    OpenScorecard,
    PublishScorecard,
    SettleScorecard,
)
from app.governance.scorecards.preparation import CardEdition, Concerned, superior_now
from app.governance.scorecards.records import (
    Scorecard,
    ScorecardRating,
    ScorecardState,
    ScorecardVerdict,
    TalkOutcome,
)
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue

HIGHEST_SCORE = 100
#: The end of the names of last quarters of years.
LAST_QUARTER = "Q4"


async def scorecard_invalid(
    reads: ReadContext, card: Scorecard, body: OpenScorecard, ctx: ActionContext
) -> None:
    """Refuse a quarter that is not over."""
    if end_of_quarter(body.quarter, ctx.settings.zone) > ctx.now:
        raise WrongValue({"quarter": body.quarter}, pointer="/quarter", because="quarter_not_over")


async def successor_does_not_fit(
    reads: ReadContext, card: Scorecard, successor: Person, ctx: ActionContext
) -> None:
    """Refuse a successor as the superior who is asked to rate already, as a peer (`rates_already`): nobody
    rates twice. Refuse another one than the present superior, who may have been asked as a peer
    (`not_the_superior`).
    """
    assert card.concerned_id is not None, "each card is somebody's"
    guard = Unguarded("Raters are asked when the card is opened.")
    read, is_open = partial(reads.rows, guard=guard), card.state is ScorecardState.open
    if is_open and await rates(read, card.id, successor.id):
        raise WrongValue(pointer="/new_holder", because="rates_already")
    superior_id = await superior_now(reads, card, None, card.concerned_id)
    if superior_id in (None, successor.id) or (is_open and await rates(read, card.id, superior_id)):
        return
    raise WrongValue(pointer="/new_holder", because="not_the_superior")


async def nothing_left_open(reads: ReadContext, card: Scorecard, ctx: ActionContext) -> str | None:
    """Refuse to pass on a card on which nobody has anything left to do (`nothing_left_open`)."""
    return "nothing_left_open" if card.is_finished else None


async def same_people(reads: ReadContext, card: Scorecard, body: object, ctx: ActionContext) -> None:
    """Refuse to pass a card on to the people who have it already (`same_people`)."""
    successors = ctx.prepared(Concerned)
    if (successors.person_id, successors.superior_id) == (card.concerned_id, card.superior_id):
        raise PreparationRefused("same_people")


async def figures_invalid(
    reads: ReadContext, card: Scorecard, body: PublishScorecard, ctx: ActionContext
) -> None:
    """Refuse figures of what the edition does not measure, and those that are of nothing."""
    measures = ctx.prepared(CardEdition).edition.measures or ()
    measured = {(measure["dimension"], measure["kpi"]) for measure in measures}
    for n, figure in enumerate(body.figures):
        if (figure.kpi is None) is (figure.part is None):
            raise WrongValue(pointer=f"/figures/{n}/part", because="missing")
        if figure.kpi is not None and (figure.dimension.value, figure.kpi) not in measured:
            raise WrongValue({"value": figure.kpi}, pointer=f"/figures/{n}/kpi", because="unknown_value")


async def objection_over(reads: ReadContext, card: Scorecard, ctx: ActionContext) -> str | None:
    """Refuse a second objection (`objection_answered`), and one after its time (`objection_too_late`)."""
    if card.objection_decided_at is not None:
        return "objection_answered"
    late = card.objection_until_at is None or ctx.counts_from >= card.objection_until_at
    return "objection_too_late" if late else None


async def rating_over(reads: ReadContext, rating: ScorecardRating, ctx: ActionContext) -> str | None:
    """Refuse a rating after its time (`rating_over`)."""
    over = rating.due_at is None or ctx.counts_from >= rating.due_at
    return "rating_over" if over else None


async def correction_invalid(
    reads: ReadContext, card: Scorecard, body: DecideObjectionScorecard, ctx: ActionContext
) -> None:
    """Refuse a correction without a score, one below the score before or beyond 100, and a score without a
    correction.
    """
    if (body.final_score is None) is (body.verdict is ScorecardVerdict.corrected):
        because = "missing" if body.final_score is None else "only_of_corrections"
        raise WrongValue(pointer="/final_score", because=because)
    if body.final_score is None:
        return
    least = Decimal(card.final_score or 0)
    if Decimal(body.final_score) < least:
        raise WrongValue({"ge": str(least)}, pointer="/final_score", because="greater_than_equal")
    if Decimal(body.final_score) > HIGHEST_SCORE:
        raise WrongValue({"le": str(HIGHEST_SCORE)}, pointer="/final_score", because="less_than_equal")


async def plan_invalid(
    reads: ReadContext, card: Scorecard, body: SettleScorecard, ctx: ActionContext
) -> None:
    """Refuse a plan without a date ahead, and a date without a plan."""
    if (body.plan_due_at is None) is (body.outcome is TalkOutcome.plan):
        because = "missing" if body.plan_due_at is None else "only_of_plans"
        raise WrongValue(pointer="/plan_due_at", because=because)
    if body.plan_due_at is not None and body.plan_due_at <= ctx.counts_from:
        raise WrongValue(pointer="/plan_due_at", because="not_ahead")


async def no_outcome_to_confirm(reads: ReadContext, card: Scorecard, ctx: ActionContext) -> str | None:
    """Refuse to confirm a talk that was not held, or twice (`nothing_to_agree_to`)."""
    return "nothing_to_agree_to" if card.outcome is None or card.outcome_confirmed_at else None


async def no_year_to_judge(reads: ReadContext, card: Scorecard, ctx: ActionContext) -> str | None:
    """Refuse the card of another quarter than the last (`not_the_last_quarter`), and a judgement that the
    person has confirmed (`year_confirmed`).
    """
    if not str(card.quarter).endswith(LAST_QUARTER):
        return "not_the_last_quarter"
    return None if card.year_confirmed_at is None else "year_confirmed"


async def no_year_to_confirm(reads: ReadContext, card: Scorecard, ctx: ActionContext) -> str | None:
    """Refuse to confirm a year that was not judged, or twice (`nothing_to_agree_to`)."""
    return "nothing_to_agree_to" if card.year_judged_at is None or card.year_confirmed_at else None


async def year_score_invalid(
    reads: ReadContext, card: Scorecard, body: JudgeYearScorecard, ctx: ActionContext
) -> None:
    """Refuse a score of the year beyond 0 and 100."""
    if Decimal(body.year_score) < 0:
        raise WrongValue({"ge": "0"}, pointer="/year_score", because="greater_than_equal")
    if Decimal(body.year_score) > HIGHEST_SCORE:
        raise WrongValue({"le": str(HIGHEST_SCORE)}, pointer="/year_score", because="less_than_equal")
