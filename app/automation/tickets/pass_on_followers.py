"""Makes the requester and the followers of a duplicate follow its original, if they belong to the original's
customer or see the original anyway.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.processes.incidents.customer_boundary import may_follow
from app.processes.incidents.queries import missing_followers
from app.ticketing.followers import FollowTicket

PAGE_SIZE = 100


async def pass_on_followers(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the actions that make the duplicate's requester and followers follow the original, unless the
    incident is no longer its duplicate. Persons of another customer do not follow it: followers see it.
    """
    duplicate = id_of(event.stream)
    original = UUID(event.data["set"][event.stream]["duplicate_of_id"])
    after: UUID | None = None
    while followers := await missing_followers(ledger.db, duplicate, original, after=after, limit=PAGE_SIZE):
        allowed = await may_follow(ledger, original, followers)
        for person in followers:
            if person in allowed:
                yield RuleConsequence(
                    "incident", "follow", original, FollowTicket(person=str(person)), about=person
                )
        after = followers[-1]


RULE = Rule("pass_on_followers", ("incident.marked_duplicate",), pass_on_followers)
