"""Takes back what duplicates showed to other customers before customers were kept apart: persons who were
made to follow an original, and comments that were copied to one for everybody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from app.common.children import Visibility
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.platform.db import Connection
from app.processes.incidents.customer_boundary import may_follow, passed_on_visibility
from app.processes.incidents.payloads import RestrictCommentIncident
from app.processes.incidents.queries import following_person, is_public_comment
from app.ticketing.followers import UnfollowTicket
from app.ticketing.records import Comment

FOLLOWED = "incident.followed"
PASSED_ON_BY = "rule:pass_on_followers"


async def select_passed_on(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events by which something was passed on to an original for everybody."""
    return [
        event
        for event in events
        if not event.staff_only and (event.type != FOLLOWED or event.actor == PASSED_ON_BY)
    ]


async def separate_customers(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the action that takes back what was passed on to another customer."""
    incident = id_of(event.stream)
    if event.type == FOLLOWED:
        ((key, _),) = event.rows_set("follower").items()
        person = await following_person(ledger.db, id_of(key))
        if person is not None and person not in await may_follow(ledger, incident, [person]):
            yield RuleConsequence("incident", "unfollow", incident, UnfollowTicket(person=str(person)))
        return
    ((key, _),) = event.rows_set(Comment.KIND).items()
    if not await is_public_comment(ledger.db, id_of(key)):
        return
    if await passed_on_visibility(ledger, event.payload["number"], incident) is not Visibility.public:
        body = RestrictCommentIncident(comment=id_of(key))
        yield RuleConsequence("incident", "restrict_comment", incident, body)


RULE = Rule(
    "separate_customers", (FOLLOWED, "incident.comment_passed_on"), separate_customers, select_passed_on
)
