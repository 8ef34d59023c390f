"""The tier whose reviewers decide on a document: it follows from importance and confidentiality, and can only
be chosen higher.

Source, the process documents: general documents are reviewed by the lead of the author's team, important ones
by the head of IT or of the business side, those of major decisions or key business by the management.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.foundation.documents.records import Confidentiality, Importance
from app.foundation.people.records import Team
from app.governance.documents.payloads import DraftDocument, ReviseDocument
from app.governance.documents.records import ControlledDocument, ReviewTier
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue

#: The tiers, the lowest first.
TIERS = tuple(ReviewTier)
_BY_IMPORTANCE = {
    Importance.general: ReviewTier.team_lead,
    Importance.important: ReviewTier.department_head,
    Importance.permanent: ReviewTier.management,
}
_BY_CONFIDENTIALITY = {
    Confidentiality.internal: ReviewTier.team_lead,
    Confidentiality.restricted: ReviewTier.department_head,
    Confidentiality.secret: ReviewTier.management,
}


def least_tier(document: ControlledDocument | DraftDocument, *, has_lead: bool) -> ReviewTier:
    """Return the lowest tier that may review the document. `has_lead`: its author is of a team that another
    active person leads; otherwise the next tier reviews what the lead would.
    """
    assert document.importance is not None
    assert document.confidentiality is not None
    own = ReviewTier.team_lead if has_lead else ReviewTier.department_head
    tiers = (_BY_IMPORTANCE[document.importance], _BY_CONFIDENTIALITY[document.confidentiality], own)
    return max(tiers, key=TIERS.index)


@dataclass(frozen=True, slots=True)
class ReviewingLead:
    """Whether the author is of a team that somebody else leads who could review the document."""

    is_there: bool


async def reviewing_lead(
    reads: ReadContext, document: ControlledDocument, body: DraftDocument, ctx: ActionContext
) -> ReviewingLead:
    """Find out whether the lead of the author's team can review the document."""
    team = ctx.required_ref(Team, "team")
    is_own = team.id in ctx.caller.teams
    return ReviewingLead(is_own and await _has_lead(reads, team, ctx.caller.person_id))


def with_tier(document: ControlledDocument, body: DraftDocument, ctx: ActionContext) -> DraftDocument:
    """Return the payload with the lowest tier that may review the document, if the tier is missing."""
    if body.tier is not None:
        return body
    return body.model_copy(update={"tier": least_tier(body, has_lead=ctx.prepared(ReviewingLead).is_there)})


async def drafted_tier_invalid(
    reads: ReadContext, document: ControlledDocument, body: DraftDocument, ctx: ActionContext
) -> None:
    """Refuse a team that is not the author's, unless the author has no team, and a tier that is too low."""
    _require_own_team(ctx.required_ref(Team, "team"), ctx)
    if body.tier is not None:
        _require_tier(body.tier, least_tier(body, has_lead=ctx.prepared(ReviewingLead).is_there))


async def revised_tier_invalid(
    reads: ReadContext, document: ControlledDocument, body: ReviseDocument, ctx: ActionContext
) -> None:
    """Refuse a new team that is not the author's, and a tier that is too low, also for the new team."""
    team = ctx.ref(Team, "team")
    if team is None and body.tier is None:
        return
    if team is None:
        loaded = await reads.record("team", str(document.team_id))
        assert loaded is not None, "no team is ever taken out of the log"
        team = loaded.record
    elif ctx.caller.person_id == document.author_id:
        _require_own_team(team, ctx)
    tier = body.tier or document.tier
    if tier is not None:
        _require_tier(tier, least_tier(document, has_lead=await _has_lead(reads, team, document.author_id)))


async def _has_lead(reads: ReadContext, team: Team, author_id: UUID | None) -> bool:
    """Return whether an active person leads the team who is not the author."""
    if team.lead_id is None or team.lead_id == author_id:
        return False
    return team.lead_id in await reads.active([team.lead_id])


def _require_own_team(team: Team, ctx: ActionContext) -> None:
    if ctx.caller.teams and team.id not in ctx.caller.teams:
        raise WrongValue(pointer="/team", because="not_the_authors_team")


def _require_tier(tier: ReviewTier, least: ReviewTier) -> None:
    if TIERS.index(tier) < TIERS.index(least):
        raise WrongValue({"tier": least}, pointer="/tier", because="tier_too_low")
