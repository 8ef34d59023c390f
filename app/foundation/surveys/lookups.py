"""Links of participants: made when they are asked for, of surveys that run."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from app.foundation.surveys.box import Invited, make_box
from app.foundation.surveys.tokens import token_of
from app.kernel.ledger import Ledger

#: A team with fewer participants cannot reach five answers, so its answers never name their team.
SMALLEST_GROUP = 5
ASKED_SURVEY = """
select s.anonymous from fold.survey s join fold.survey_participant p on p.record = 'survey/' || s.id
where s.id = %s and s.state = 'running' and p.person_id = %s"""
PARTICIPANTS = "select person_id, team_id from fold.survey_participant where record = %s"


async def survey_link_token(ledger: Ledger, survey_id: UUID, person_id: UUID) -> str | None:
    """Return the token of the participant's link; None: the survey does not run, or they are not asked."""
    anonymous = await ledger.db.value(ASKED_SURVEY, (survey_id, person_id))
    if anonymous is None:
        return None
    rows = await ledger.db.rows(PARTICIPANTS, (f"survey/{survey_id}",))
    sizes = Counter(row["team_id"] for row in rows)
    invited = [
        Invited(row["person_id"], row["team_id"] if sizes[row["team_id"]] >= SMALLEST_GROUP else None)
        for row in rows
    ]
    key = await make_box(ledger, survey_id, invited, named=not anonymous)
    return token_of(key, person_id)
