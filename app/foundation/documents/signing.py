"""Signatures that papers show: the name and the time of a line come from one event, so a line never shows
somebody who did not act. A line for the holder of a post stays empty until somebody has acted in that post.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.people import Role, RoleGrant
from app.foundation.documents.pages import SignatureLine
from app.foundation.documents.printing import decrypt
from app.kernel.access.reads import HOLDERS
from app.kernel.ledger import Ledger
from app.log.events import Recorded

PERSON = "person:"
#: The most holders of a post that a line names, and the sign between their names: each of them may sign.
MOST_HOLDERS, OR = 4, " / "


@dataclass(frozen=True, slots=True)
class SigningAct:
    """An act by which somebody consented: the person who acted, and when it was recorded."""

    person_id: UUID
    recorded_at: datetime


def act_of(event: Recorded) -> SigningAct | None:
    """Return the act of the person in the event; None if a rule or another system acted."""
    if not event.actor.startswith(PERSON):
        return None
    return SigningAct(UUID(event.actor.removeprefix(PERSON)), event.recorded_at)


def newest_act(events: Sequence[Recorded], *types: str) -> SigningAct | None:
    """Return the newest act of a person among the events of these types; None if there is none."""
    acts = [act_of(event) for event in events if event.type in types]
    return next((act for act in reversed(acts) if act is not None), None)


async def act_lines(
    ledger: Ledger, acts: Mapping[str, SigningAct | None], awaited: Mapping[str, UUID | None] | None = None
) -> list[SignatureLine]:
    """Return a line for each role's sentence code: the person who acted, with the time. A line without an act
    names the person in `awaited`, who has yet to sign; without such a person it is empty.
    """
    names = awaited or {}
    persons = {role: act.person_id if act is not None else names.get(role) for role, act in acts.items()}
    words = await decrypt(ledger, [], persons.values())
    return [
        SignatureLine(role, words.name(persons[role]), None if act is None else act.recorded_at)
        for role, act in acts.items()
    ]


async def post_lines(
    ledger: Ledger, posts: Iterable[Role], *, except_for: Collection[UUID | None] = ()
) -> list[SignatureLine]:
    """Return a line for each post that signs by hand, with the names of its present holders, except those
    people, who do not sign for it.
    """
    holders: dict[Role, list[UUID]] = {}
    most = MOST_HOLDERS + len(except_for)
    for post in posts:
        rows = await ledger.db.rows(HOLDERS, ([str(RoleGrant(post))], most))
        holders[post] = [row["id"] for row in rows if row["id"] not in except_for][:MOST_HOLDERS]
    words = await decrypt(ledger, [], [person for persons in holders.values() for person in persons])
    return [
        SignatureLine(post.value, OR.join(filter(None, map(words.name, persons))) or None)
        for post, persons in holders.items()
    ]
