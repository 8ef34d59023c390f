"""Values that actions on scorecards load beforehand: whose a card is, and the edition that marks it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Person
from app.foundation.people.eligibility import holder_by_default
from app.foundation.people.records import Team
from app.governance.scorecards.lookups import edition_in_force
from app.governance.scorecards.payloads import OpenScorecard
from app.governance.scorecards.records import Scorecard, ScorecardEdition
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue

BEGUN = Unguarded("An edition is set before its quarter begins, and this one is over.")


@dataclass(frozen=True, slots=True)
class CardEdition:
    """The edition that a card is marked by."""

    edition: ScorecardEdition


@dataclass(frozen=True, slots=True)
class Concerned:
    """People who see the card, and their superior, if there is one."""

    person_id: UUID
    superior_id: UUID | None


async def concerned(
    reads: ReadContext, card: Scorecard, body: OpenScorecard, ctx: ActionContext
) -> Concerned:
    """Find whose card it is: the person's or the lead's; the superior is their manager, or else the lead of a
    person's own team. Raises WrongValue if it is neither of one person nor of one team with a lead.
    """
    person, team = ctx.ref(Person, "person"), ctx.ref(Team, "team")
    if (person is None) is (team is None):
        raise WrongValue(pointer="/person", because="person_or_team")
    if team is not None:
        lead_id = await holder_by_default(reads, card, body, team.lead_id, GivenDuty.appraisal)
        if lead_id is None:
            raise WrongValue({"team": str(team.key)}, pointer="/team", because="lead_missing")
        lead = await reads.record(Person.KIND, str(lead_id))
        assert lead is not None, "no person is ever taken out of the log"
        return Concerned(lead_id, await _superior(reads, card, body, lead_id, lead.record.manager_id))
    assert person is not None
    lead_id = await _lead_of(reads, person.team_id)
    return Concerned(person.id, await _superior(reads, card, body, person.id, person.manager_id, lead_id))


async def successors(reads: ReadContext, card: Scorecard, body: object, ctx: ActionContext) -> Concerned:
    """Find whose card it is now, and who is the superior now. Without a successor, somebody stays."""
    concerned_id = card.concerned_id
    if card.team_id is not None:
        lead_id = await _lead_of(reads, card.team_id)
        concerned_id = (
            await holder_by_default(reads, card, body, lead_id, GivenDuty.appraisal) or concerned_id
        )
    assert concerned_id is not None, "each card is somebody's"
    superior_id = await superior_now(reads, card, body, concerned_id)
    kept_id = None if card.superior_id == concerned_id else card.superior_id
    return Concerned(concerned_id, superior_id or kept_id)


async def superior_now(reads: ReadContext, card: Scorecard, body: object, person_id: UUID) -> UUID | None:
    """Return the superior of the person concerned as of now, or None."""
    person = await reads.record(Person.KIND, str(person_id))
    assert person is not None, "no person is ever taken out of the log"
    lead_id = await _lead_of(reads, person.record.team_id) if card.team_id is None else None
    return await _superior(reads, card, body, person_id, person.record.manager_id, lead_id)


async def _lead_of(reads: ReadContext, team_id: UUID | None) -> UUID | None:
    loaded = None if team_id is None else await reads.record(Team.KIND, str(team_id))
    lead_id: UUID | None = None if loaded is None else loaded.record.lead_id
    return lead_id


async def _superior(
    reads: ReadContext, card: Scorecard, body: object, person: UUID, *candidates: UUID | None
) -> UUID | None:
    """Return the first of the candidates who is somebody else, active and of IT."""
    for other in candidates:
        if other != person and await holder_by_default(reads, card, body, other, GivenDuty.appraisal):
            return other
    return None


async def edition_at_begin(
    reads: ReadContext, card: Scorecard, body: OpenScorecard, ctx: ActionContext
) -> CardEdition:
    """Find the edition that was in force when the quarter began. Raises WrongValue without one."""
    edition = await edition_in_force(partial(reads.rows, guard=BEGUN), body.quarter)
    if edition is None:
        words = {"quarter": body.quarter}
        raise WrongValue(words, pointer="/quarter", because="no_edition_in_force")
    return CardEdition(edition)


async def edition_of_card(
    reads: ReadContext, card: Scorecard, body: object, ctx: ActionContext
) -> CardEdition:
    """Find the edition of the card."""
    loaded = await reads.record(ScorecardEdition.KIND, str(card.edition_id))
    assert loaded is not None, "no edition is ever taken out of the log"
    return CardEdition(loaded.record)
