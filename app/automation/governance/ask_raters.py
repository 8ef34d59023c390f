"""Asks those who rate for a scorecard that was opened: whose it is, their superior, and some peers."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid5

from app.common.people import Person
from app.foundation.people.lookups import active_members
from app.governance.scorecards.lookups import other_leads, rates
from app.governance.scorecards.payloads import AskScorecardRating
from app.governance.scorecards.records import (
    RaterPart,
    Scorecard,
    ScorecardEdition,
    ScorecardRating,
    ScorecardState,
)
from app.kernel.access.reads import load
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of

#: Among so many colleagues, or leads of other teams, peers are drawn.
MOST_PEERS = 500


async def ask_raters(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield a rating for each who is asked: of a person their colleagues, of a team the leads of others."""
    loaded = await load(ledger.db, ledger.lifecycles[Scorecard.KIND], str(id_of(event.stream)))
    if loaded is None or loaded.record.state is not ScorecardState.open:
        return
    card: Scorecard = loaded.record
    edition = await load(ledger.db, ledger.lifecycles[ScorecardEdition.KIND], str(card.edition_id))
    assert edition is not None, "no edition is ever taken out of the log"
    assert card.concerned_id is not None
    if event.type in SUCCESSION_EVENTS:
        for part, field in SUCCEEDING_RATERS.items():
            rater = getattr(card, field)
            is_new = field in event.set_fields and rater is not None
            if is_new and not await rates(ledger.db.rows, card.id, rater):
                yield _asked(event, card, part, rater)
        return
    raters = [(RaterPart.oneself, card.concerned_id)]
    if card.superior_id is not None:
        raters.append((RaterPart.superior, card.superior_id))
    colleagues = [peer for peer in await _peers(ledger, card) if peer not in {person for _, person in raters}]
    raters += [(RaterPart.peer, peer) for peer in drawn_peers(card.id, colleagues, edition.record.peers or 0)]
    for part, rater in raters:
        yield _asked(event, card, part, rater)


def _asked(event: Recorded, card: Scorecard, part: RaterPart, rater: UUID) -> RuleConsequence:
    """Return the question to the rater."""
    body = AskScorecardRating(scorecard=str(card.id), rater=str(rater), part=part)
    return RuleConsequence(ScorecardRating.KIND, "ask", None, body, about=uuid5(event.id, str(rater)))


def drawn_peers(card: UUID, peers: Sequence[UUID], size: int) -> list[UUID]:
    """Return so many of the peers, or all if there are fewer: the same card draws the same."""
    chance = random.Random(card.int)  # noqa: S311  # guessing the raters gains nothing
    return chance.sample(sorted(peers), min(size, len(peers)))


async def _peers(ledger: Ledger, card: Scorecard) -> list[UUID]:
    """Return the candidates for peers."""
    if card.team_id is not None:
        return await other_leads(ledger.db.rows, card.team_id, MOST_PEERS)
    person = await load(ledger.db, ledger.lifecycles[Person.KIND], str(card.person_id))
    team = None if person is None else person.record.team_id
    return [] if team is None else await active_members(ledger.db.rows, [team], MOST_PEERS)


#: A lead or superior who takes over is asked as the one before, unless they rate already.
SUCCESSION_EVENTS = ("scorecard.duties_handed_over", "scorecard.passed_on")
SUCCEEDING_RATERS = {RaterPart.oneself: "concerned_id", RaterPart.superior: "superior_id"}
RULE = Rule("ask_raters", ("scorecard.opened", *SUCCESSION_EVENTS), ask_raters)
