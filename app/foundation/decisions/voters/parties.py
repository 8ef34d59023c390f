"""Parties to a matter, by the log: people who have taken part in it by acts of their own, and people named
in one of its duties by others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import Record
from app.foundation.decisions.approval_rules.versions import MatterOpening
from app.foundation.decisions.lookups import EventActs, acts_of, touches
from app.foundation.decisions.matters import Matter, Origins, RelatedMatter
from app.foundation.decisions.records import Decision, DecisionOutcome, VoterLeftOutReason
from app.kernel.access.reads import ReadContext
from app.log.events import kind_of

LeftOutVoters = Mapping[UUID, VoterLeftOutReason]


@dataclass(frozen=True, slots=True)
class Parties:
    """People who may not vote, with the reason, and for people who are named in a duty the person who named
    them last (None: an automation rule). `began_at` is the time at which the matter was first written since
    its last approval; None before that. `unseated` are others whom the rules name, but who get no seat.
    """

    left_out: dict[UUID, VoterLeftOutReason] = field(default_factory=dict)
    named_by: dict[UUID, UUID | None] = field(default_factory=dict)
    began_at: datetime | None = None
    unseated: dict[UUID, VoterLeftOutReason] = field(default_factory=dict)

    def opening(self, asker: UUID | None) -> MatterOpening:
        """Return the parties with the person who puts the question, who may vote unless they are a party."""
        askers = frozenset() if asker is None else frozenset({asker})
        return MatterOpening(frozenset(self.left_out) | askers, self.began_at, self.unseated)


async def parties_of(
    reads: ReadContext, record: Record, matter: Matter, *, since: Decision | None = None
) -> Parties:
    """Return the parties to the matter by all events of the record, or by those since a question."""
    outcomes = reads.lifecycles[record.KIND].decision_events
    # Somebody with several parts is shown with the last of these.
    reasons: dict[VoterLeftOutReason, set[UUID]] = {
        VoterLeftOutReason.carries_out: set(),
        VoterLeftOutReason.author: set(),
        VoterLeftOutReason.duty: set(),
    }
    named: dict[tuple[str, str], dict[UUID, UUID | None]] = {}
    origins = Origins()
    events = await acts_of(reads, record, since=None if since is None else since.position)
    for event in events:
        if since is not None and since.row_key in event.rows_set:
            continue
        # The outcome of a vote is the work of no voter, though the last one has caused it.
        person = None if event.type in outcomes else event.person_id
        for place, persons in _named_in(event, record, matter):
            earlier = named.get(place, {})
            named[place] = {named_person: earlier.get(named_person, person) for named_person in persons}
            if person in persons:
                reasons[VoterLeftOutReason.duty].add(person)
        if person is not None and event.type.partition(".")[2] in matter.acts:
            reasons[VoterLeftOutReason.carries_out].add(person)
        if person is not None and touches(event.rows_set, record.row_key, matter.fields, matter.children):
            reasons[VoterLeftOutReason.author].add(person)
    if since is None:
        holders = (getattr(record, name, None) for name in matter.posts)
        reasons[VoterLeftOutReason.duty] |= {holder for holder in holders if holder is not None}
    if since is None and matter.origins is not None:
        origins = await matter.origins(reads, record)
        reasons[VoterLeftOutReason.author] |= origins.parties
    left_out: dict[UUID, VoterLeftOutReason] = {}
    for reason, persons in reasons.items():
        left_out |= dict.fromkeys(persons, reason)
    named_by = {person: by for persons in named.values() for person, by in persons.items()}
    named_by = {**origins.named_by, **named_by}
    return Parties(left_out, named_by, _beginning(events, record, matter))


async def parties_to_question(reads: ReadContext, record: Any, matter: Matter, decision: Decision) -> Parties:
    """Return the parties to the matter of a question that was put."""
    related = None if matter.related is None else await matter.related(reads, record, decision)
    parties = await parties_to(reads, record, matter, decision.asked_by_id, related=related)
    for row in decision.left_out or ():
        if row["because"] == VoterLeftOutReason.candidate:
            parties.left_out.setdefault(UUID(row["person"]), VoterLeftOutReason.candidate)
    return parties


async def parties_to(
    reads: ReadContext,
    record: Any,
    matter: Matter,
    asker: UUID | None,
    *,
    related: RelatedMatter | None = None,
) -> Parties:
    """Return the parties to the matter if `asker` puts the question."""
    parties = await parties_of(reads, record, matter)
    if matter.without_asker and asker is not None:
        parties.left_out.setdefault(asker, VoterLeftOutReason.asker)
    if related is not None:
        further_parties = (await parties_of(reads, related.record, related.matter)).left_out
        parties.left_out.update(
            {person: why for person, why in further_parties.items() if person not in parties.left_out}
        )
    return parties


def _beginning(events: Sequence[EventActs], record: Record, matter: Matter) -> datetime | None:
    """Return when somebody first wrote any of the matter since it was last approved."""
    question_keys: set[str] = set()
    began_at = None
    for event in events:
        for key, values in event.rows_set.items():
            if not values or kind_of(key) != Decision.KIND:
                continue
            if values.get("decision") == matter.decision:
                question_keys.add(key)
            if key in question_keys and values.get("outcome") == DecisionOutcome.approved:
                began_at = None
        if began_at is None and touches(event.rows_set, record.row_key, matter.fields, matter.children):
            began_at = event.recorded_at
    return began_at


def _named_in(
    event: EventActs, record: Record, matter: Matter
) -> Iterator[tuple[tuple[str, str], set[UUID]]]:
    """Return each duty that the event sets, as row key and field, with the people in it."""
    own_id = "/" + record.row_key.partition("/")[2]
    of_record = [name for duty in matter.duties for name in duty.fields]
    for key, values in event.rows_set.items():
        of_child = [duty.field for duty in matter.child_duties if duty.kind == kind_of(key)]
        for name in of_record if key.endswith(own_id) else of_child:
            if values is None or name in values:
                yield (key, name), _persons(None if values is None else values[name])


def _persons(value: Any) -> set[UUID]:
    values = value if isinstance(value, list) else [value]
    return {UUID(str(person)) for person in values if person is not None}
