"""Lists somebody who joins a team after the training on its new process to sit the examination: they are
notified of it at once, and not only when the teams cut over. People who join after the publication, by
themselves or with a team that is added, are notified of it, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from app.foundation.people.persons import LIFECYCLE as PERSONS
from app.foundation.people.records import Membership
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.lookups import (
    EARLIER_TEAMS,
    JOINED_AFTER_PUBLICATION,
    JOINED_AFTER_TRAINING,
)
from app.processes.improvements.rollout.payloads import ListNewcomerImprovement, TellNewcomerImprovement
from app.processes.improvements.rollout.records import ImprovementRollout

PLANNED = "improvement.rollout_planned"


async def list_newcomers(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the listing for each rollout in one of whose teams the person now is, and the notification of
    each newcomer to a published one.
    """
    if kind_of(event.stream) == Improvement.KIND:
        added = await _added_teams(ledger, event)
        async for notification in _notified(ledger, event, added, improvement=id_of(event.stream)):
            yield notification
        return
    rows = event.rows_set(Membership.KIND).values()
    teams = [row["team_id"] for row in rows if row.get("team_id")]
    if not teams:
        return
    person = id_of(event.stream)
    for row in await ledger.db.rows(JOINED_AFTER_TRAINING, {"person": person, "teams": teams}):
        body = ListNewcomerImprovement(person=str(person))
        yield RuleConsequence(Improvement.KIND, "list_newcomer", row["id"], body, if_match=row["version"])
    async for notification in _notified(ledger, event, teams, person=person):
        yield notification


async def _added_teams(ledger: Ledger, event: Recorded) -> list[str]:
    """Return the teams that the event adds to those of a rollout."""
    for row, fields in event.rows_set(ImprovementRollout.KIND).items():
        place = {"row": row, "stream": event.stream, "version": event.version}
        earlier = await ledger.db.row(EARLIER_TEAMS, place)
        prior_teams = (None if earlier is None else earlier["teams"]) or []
        return [team for team in fields.get("concerned_team_ids") or [] if team not in prior_teams]
    return []


async def _notified(
    ledger: Ledger,
    event: Recorded,
    teams: list[str],
    *,
    person: UUID | None = None,
    improvement: UUID | None = None,
) -> AsyncIterator[RuleConsequence]:
    """Yield the notification of those who are new in the teams of a published rollout."""
    if not teams:
        return
    values = {"teams": teams, "person": person, "improvement": improvement, "since": event.recorded_at}
    for row in await ledger.db.rows(JOINED_AFTER_PUBLICATION, values):
        body = TellNewcomerImprovement(
            person=str(row["person_id"]),
            effective_at=row["effective_at"],
            document_numbers=tuple(row["evidence_numbers"] or ()),
            external_numbers=tuple(row["external_numbers"] or ()),
        )
        yield RuleConsequence(Improvement.KIND, "tell_newcomer", row["id"], body, about=row["person_id"])


#: A membership begins by the person's own events, however it came about; a plan adds teams.
RULE = Rule("list_newcomers", (*sorted(PERSONS.event_types), PLANNED), list_newcomers)
