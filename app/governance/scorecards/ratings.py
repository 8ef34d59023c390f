"""Lifecycle of the ratings that scorecards need: requested by a rule, given by the rater, and visible only to
the rater.

requested ─► rated | lapsed
"""

from __future__ import annotations

from app.common.people import Person
from app.governance.scorecards import checks
from app.governance.scorecards.payloads import AskScorecardRating, RateScorecardRating
from app.governance.scorecards.records import Scorecard, ScorecardRating
from app.governance.scorecards.records import ScorecardRatingState as State
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import process_relation, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload


def ask_rating(rating: ScorecardRating, body: AskScorecardRating, ctx: ActionContext) -> None:
    """Ask for a scorecard rating."""
    card = ctx.required_ref(Scorecard, "scorecard")
    copy_fields(rating, body, ctx)
    rating.rater_id = ctx.required_ref(Person, "rater").id
    rating.quarter, rating.due_at = card.quarter, card.rating_due_at
    rating.team_id, rating.person_id = card.team_id, card.person_id


def rate(rating: ScorecardRating, body: RateScorecardRating, ctx: ActionContext) -> None:
    """Give a scorecard rating: a score for each dimension. Only the rater sees the scores."""
    copy_fields(rating, body, ctx)


def lapse(rating: ScorecardRating, body: EmptyPayload, ctx: ActionContext) -> None:
    """Lapse the scorecard rating: it was not given in time."""


rater = process_relation("rater", "the requested rater", "评分人", "rater_id")

# fmt: off
LIFECYCLE = Lifecycle(
    kind="scorecard_rating", plural="scorecard_ratings", zh="记分卡评分", record=ScorecardRating,
    # Rated people never learn who gave which mark: superiors, auditors and quality managers do not see it
    # either.
    visible=(to_persons("rater_id"),), access=KindAccess(oversight=frozenset()),
    rows=(
        #      action      中文        from           to            who    event
        action(ask_rating, "邀请评分", NEW_RECORD,    State.requested,  rule,  "scorecard_rating.asked", name="ask"),
        action(rate,       "评分",     [State.requested], State.rated,  rater.in_person(), "scorecard_rating.rated", unless=(checks.rating_over,)),
        action(lapse,      "标记逾期未评", [State.requested], State.lapsed, rule,  "scorecard_rating.lapsed",
               due=DueAt("due_at", "lapse_scorecard_ratings")),
    ),
)
# fmt: on
