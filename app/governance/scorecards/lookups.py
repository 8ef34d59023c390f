"""Reads of scorecards: the edition that is in force, raters, ratings, and whose cards are to be opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.common.records import from_row
from app.governance.scorecards.records import Scorecard, ScorecardEdition, ScorecardFigure, ScorecardRating
from app.kernel.access.reads import Reading
from app.platform.db import Row

# If a quarter has two editions, the one that was confirmed last is in force.
IN_FORCE = """
select r.* from fold.scorecard_edition r
join log.event e on e.stream = 'scorecard_edition/' || r.id and e.version = r.version
where r.state = 'set' and r.begins_with <= %s order by r.begins_with desc, e.position desc limit 1"""
# By the index scorecard_rating_card.
RATINGS = "select * from fold.scorecard_rating where scorecard_id = %s and state = 'rated' order by id"
RATES = "select from fold.scorecard_rating where scorecard_id = %s and rater_id = %s limit 1"
# Leads of the organisation's own teams.
LEADS = """
select distinct t.lead_id as id from fold.team t join fold.person p on p.id = t.lead_id
where t.state = 'active' and t.kind = 'internal' and t.id <> %s
  and p.state = 'active' and p.deactivated_at is null
order by 1 limit %s"""
# The card belongs to the person's main team: a member of several teams has one card.
WITHOUT_CARD = """
select 'team' as subject, t.id from fold.team t
where t.state = 'active' and t.kind = 'internal' and t.lead_id is not null and t.added_at < %(end)s
  and not exists (select from fold.scorecard s where s.quarter = %(quarter)s and s.team_id = t.id)
union all
select 'person', p.id from fold.person p join fold.team t on t.id = p.team_id
where p.state = 'active' and p.deactivated_at is null and p.kind = 'human' and p.added_at < %(end)s
  and t.state = 'active' and t.kind = 'internal'
  and not exists (select from fold.scorecard s where s.quarter = %(quarter)s and s.person_id = p.id)
order by 1, 2 limit %(most)s"""
# By the index scorecard_figure_record.
FIGURES = "select * from fold.scorecard_figure where record = %s order by counted_at, id"
# By the indexes scorecard_person and scorecard_team.
YEAR = """
select * from fold.scorecard where quarter = any(%s) and person_id is not distinct from %s
and team_id is not distinct from %s order by quarter"""

# Cards of the team and of those whose own team it is; and a person's cards, also as the lead of a team.
OPEN_CARDS = """
select s.id from fold.scorecard s
where (s.state <> 'settled' or s.outcome_confirmed_at is null and s.outcome is not null
    or s.year_judged_at is not null and s.year_confirmed_at is null)
  and (s.team_id = %(about)s or s.concerned_id = %(about)s
    or s.person_id in (select p.id from fold.person p where p.team_id = %(about)s))
order by s.id"""


async def open_cards(read: Reading, about: UUID) -> list[UUID]:
    """Return the cards on which something is left to do: of the team with that id and its members, or of the
    person.
    """
    return [row["id"] for row in await read(OPEN_CARDS, {"about": about})]


async def edition_in_force(read: Reading, quarter: str) -> ScorecardEdition | None:
    """Return the edition that was in force when the quarter began, or None."""
    rows = await read(IN_FORCE, (quarter,))
    return from_row(ScorecardEdition, rows[0]) if rows else None


async def ratings_for(read: Reading, card: UUID) -> list[ScorecardRating]:
    """Return the ratings that were given for the card: only for the code that counts them."""
    return [from_row(ScorecardRating, row) for row in await read(RATINGS, (card,))]


async def rates(read: Reading, card: UUID, person: UUID) -> bool:
    """Return whether the person is, or was, asked to rate for the card."""
    return bool(await read(RATES, (card, person)))


async def other_leads(read: Reading, team: UUID, most: int) -> list[UUID]:
    """Return the active leads of the organisation's other teams, at most `most`."""
    return [row["id"] for row in await read(LEADS, (team, most))]


async def subjects_without_card(read: Reading, quarter: str, end: datetime, most: int) -> Sequence[Row]:
    """Return the active teams with a lead (`subject`, `id`), and the active persons of such teams, that were
    there before the quarter's end and have no card of it; at most `most`.
    """
    return await read(WITHOUT_CARD, {"quarter": quarter, "end": end, "most": most})


async def figures_of(read: Reading, card: Scorecard) -> list[ScorecardFigure]:
    """Return the figures of the card, in their order."""
    return [from_row(ScorecardFigure, row) for row in await read(FIGURES, (card.row_key,))]


async def cards_of_year(read: Reading, card: Scorecard) -> list[Scorecard]:
    """Return the cards of the same person or team in the quarters of the card's year."""
    quarters = [f"{str(card.quarter)[:4]}-Q{number}" for number in range(1, 5)]
    return [from_row(Scorecard, row) for row in await read(YEAR, (quarters, card.person_id, card.team_id))]
