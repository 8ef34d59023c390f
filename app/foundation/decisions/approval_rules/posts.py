"""Posts that name voters: fields of other records, such as the owner of a service or the lead of a team."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.foundation.decisions.approval_rules.versions import MatterOpening
from app.foundation.decisions.lookups import Naming, humans, namings
from app.foundation.decisions.records import VoterLeftOutReason
from app.kernel.access.reads import ReadContext


@dataclass(frozen=True, slots=True)
class Post:
    """A field of another record that names a voter: all who were ever in it, the oldest first, and which of
    these people are active.
    """

    named: Sequence[Naming]
    active: Collection[UUID]

    def settled_holder(self, opening: MatterOpening) -> UUID | None:
        """Return the person who counts for the matter. If a party has named the present one, or somebody has
        since the matter began, the one before counts, unless that person has left. Somebody who has put
        themselves in the place of another is as if a party had named them.
        """
        named = [naming for n, naming in enumerate(self.named) if not self._takes_over(n)]
        trusted_namings = [naming for naming in named if opening.trusts(naming.namer_id, naming.named_at)]
        untied_namings = [naming for naming in named if naming.namer_id not in opening.parties]
        for namings_there in (trusted_namings, untied_namings):
            if namings_there and namings_there[-1].person in self.active:
                return namings_there[-1].person
        return None

    def _takes_over(self, n: int) -> bool:
        """Return whether somebody has named themselves in the place of another, who has not left."""
        naming = self.named[n]
        if naming.person is None or naming.person != naming.namer_id:
            return False
        predecessors = [
            earlier.person for earlier in self.named[:n] if earlier.person not in (None, naming.person)
        ]
        return bool(predecessors) and predecessors[-1] in self.active

    def unseated(self, opening: MatterOpening) -> dict[UUID, VoterLeftOutReason]:
        """Return the present holder with the reason why another person counts, or nobody does."""
        present = self.named[-1]
        if present.person is None or present.person == self.settled_holder(opening):
            return {}
        if present.person not in self.active:
            return {present.person: VoterLeftOutReason.no_account}
        if self._takes_over(len(self.named) - 1):
            return {present.person: VoterLeftOutReason.took_over}
        is_tied = present.namer_id in opening.parties
        reason = VoterLeftOutReason.named_by_party if is_tied else VoterLeftOutReason.came_later
        return {present.person: reason}


async def posts_by_stream(reads: ReadContext, streams: Sequence[str], field: str) -> dict[str, Post]:
    """Return that field of the records, by stream."""
    named: dict[str, list[Naming]] = {}
    for naming in await namings(reads, streams, field):
        named.setdefault(naming.stream, []).append(naming)
    everybody = {naming.person for part in named.values() for naming in part if naming.person}
    active = await humans(reads, everybody)
    return {stream: Post(part, active) for stream, part in named.items()}


async def settled_holders(
    reads: ReadContext, streams: Sequence[str], field: str, opening: MatterOpening
) -> dict[str, UUID]:
    """Return the persons in that field of the records who count for the matter, by stream."""
    posts = await posts_by_stream(reads, streams, field)
    persons = {stream: post.settled_holder(opening) for stream, post in posts.items()}
    return {stream: person for stream, person in persons.items() if person is not None}


async def seated_holders(
    reads: ReadContext, streams: Sequence[str], field: str, opening: MatterOpening
) -> dict[str, UUID]:
    """Return the persons in that field of the records who get a seat, by stream, and note who gets none."""
    for post in (await posts_by_stream(reads, streams, field)).values():
        opening.unseated.update(post.unseated(opening))
    return await settled_holders(reads, streams, field, opening)
