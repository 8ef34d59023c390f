"""Passes scorecards on: the new lead of a team, or the new superior of a person, takes over what is open."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.common.people import Person
from app.foundation.people.records import Team
from app.governance.scorecards.lookups import open_cards
from app.governance.scorecards.records import Scorecard
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of

#: The field of a record in which the lead or the superior stands.
POSTS = {Team.KIND: "lead_id", Person.KIND: "manager_id"}


async def pass_on_scorecards(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the action on each open card of the team and its members, or of the person."""
    if POSTS[kind_of(event.stream)] not in event.set_fields:
        return
    for card in await open_cards(ledger.db.rows, id_of(event.stream)):
        yield RuleConsequence(Scorecard.KIND, "follow_leads", card, EmptyPayload())


EVENTS = ("team.edited", "team.duties_handed_over", "person.edited", "person.superior_replaced")
RULE = Rule("pass_on_scorecards", EVENTS, pass_on_scorecards)
