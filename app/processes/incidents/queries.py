"""Read side of incidents: schemas, listing with its filters and sorts, and queries of duplicates, alerts and
reviews.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.plans import LoadedFrom
from app.api.records.shapes import OutputModel, TicketOut
from app.common.children import ExternalReference
from app.common.people import Role
from app.common.personal import is_encrypted
from app.foundation.categories.queries import CATEGORIES
from app.foundation.cis.queries import CIS
from app.foundation.people.queries import PERSONS, TEAMS
from app.foundation.services.queries import SERVICES
from app.kernel.access.reads import HOLDERS, grants_for
from app.kernel.actions.payloads import LONGEST_LIST
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.log.events import stream
from app.platform.db import Connection, Database, fetch_rows
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident, IncidentAlert
from app.service_levels.clocks.answers.listing import SlaField, extension

#: By the index external_reference_record.
REFERENCES = """
select record, source, key, number, url from fold.external_reference where record = any(%s)
order by record, source, id"""


class ExternalReferenceOut(OutputModel, of=ExternalReference, without="id kind"):
    """The name of the incident in another system, and its address there."""


async def references_of(ledger: Ledger, incidents: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Return what other systems call each of the incidents."""
    names = {stream(Incident.KIND, incident): incident for incident in incidents}
    references: dict[UUID, list[Any]] = {}
    for row in await ledger.db.rows(REFERENCES, (list(names),)):
        references.setdefault(names[row.pop("record")], []).append(row)
    return references


class IncidentAlertOut(OutputModel, of=IncidentAlert, without="id"):
    """An alert of an incident, which fires and clears independently."""


ALERTS = ChildListing(
    "alerts",
    IncidentAlert,
    "first_fired_at",
    IncidentAlertOut,
    "the alerts of an incident, the earliest first",
)


class IncidentOut(
    TicketOut,
    of=Incident,
    without="held_from review_due_at",
    after={"title": "description channel", "category": "requester customer team assignee opened_at"},
):
    """An unplanned interruption or degradation of a service."""

    external_references: Annotated[
        list[ExternalReferenceOut] | None, LoadedFrom(references_of, on_request=True)
    ] = Field(
        description="Names of the incident in tools and imported histories, with links. Null in "
        "versions requested by `as_of`, and unless requested by `include` or `fields`."
    )
    sla: SlaField


class ReviewEntryOut(OutputModel):
    """An entry in the timeline of a major incident."""

    happened_at: datetime = Field(description="Time of the event.")
    text: str | None = Field(description="Event in words; null if its author was erased.")


class ReviewOut(OutputModel):
    """The review of a major incident, or a proposal from its history."""

    reviewed_at: datetime | None = Field(
        description="Time of the review; null if the incident was not reviewed and the timeline is a "
        "proposal."
    )
    timeline: list[ReviewEntryOut] = Field(description="Events in order.")
    causes: str | None = Field(description="Causes of the incident; null until it is reviewed.")
    went_well: str | None = Field(description="Things that went well; null until the incident is reviewed.")
    went_badly: str | None = Field(description="Things that went badly; null until the incident is reviewed.")
    no_actions_reason: str | None = Field(
        description="Reason why no task follows from the review; null if tasks do, or until it is reviewed."
    )


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=IncidentOut,
    filters=(
        "state",
        "state_since",
        "priority",
        "impact",
        "urgency",
        "effect",
        "channel",
        "service",
        "ci",
        "category",
        "requester",
        "customer",
        "team",
        "assignee",
        "opened_at",
        "hold_reason",
        "resolved_at",
        "resolution_code",
        "closed_at",
        "changed_at",
        "declared_major_at",
        "commander",
        "tag",
        "follower",
        "external_reference",
    ),
    sorts=("opened_at", "changed_at", "state_since", "priority", "resolved_at", "closed_at"),
    expands=(PERSONS, TEAMS, SERVICES, CIS, CATEGORIES),
    extension=extension("incident"),
)

WITH_DUPLICATES = """
select original.id from unnest(%s::uuid[]) as original(id)
where exists (select from fold.incident i where i.duplicate_of_id = original.id)"""
DUPLICATES_AMONG = "select id from fold.incident where id = any(%s) and duplicate_of_id is not null"
#: Those that were marked after a position of the log are left out.
DUPLICATES = """
select i.id from fold.incident i
where i.duplicate_of_id = %(original)s and (%(after)s::uuid is null or i.id > %(after)s) and not exists (
  select from log.told e
  where e.stream = 'incident/' || i.id and e.type = 'incident.marked_duplicate' and e.position > %(position)s)
order by i.id limit %(limit)s"""
#: The requester and followers of a duplicate who do not follow its original yet, if it still is a duplicate.
MISSING_FOLLOWERS = """
with duplicate as (
  select requester_id from fold.incident where id = %(id)s and duplicate_of_id = %(original_id)s
), concerned as (
  select requester_id as id from duplicate
  union select f.person_id from fold.follower f where f.record = %(duplicate)s and exists (table duplicate)
)
select p.id from concerned join fold.person p using (id)
where p.kind = 'human' and p.state = 'active' and p.deactivated_at is null
  and (%(after)s::uuid is null or p.id > %(after)s) and not exists (
    select 1 from fold.follower f where f.record = %(original)s and f.person_id = p.id)
order by p.id limit %(limit)s"""
DUPLICATE_COMMENT = """
select d.number, d.duplicate_of_id as original_id, c.author_id, c.visibility, c.folded
from fold.incident d join fold.comment c on c.record = 'incident/' || d.id
where d.id = %s and c.id = %s and d.duplicate_of_id is not null"""
FOLLOWING_PERSON = "select person_id from fold.follower where id = %s"
PUBLIC_COMMENT = "select id from fold.comment where id = %s and visibility = 'public'"
DUPLICATE_ATTACHMENT = """
select d.number, d.duplicate_of_id as original_id, a.id, a.content_id, a.author_id, a.name, a.media_type,
  a.size, a.sha256, a.visibility
from fold.incident d join fold.attachment a on a.record = 'incident/' || d.id
where d.id = %s and a.id = %s and d.duplicate_of_id is not null"""
#: All duplicates of an incident, also through others, whose requesters hear nothing of the incident itself.
#: Those that were marked after a position of the log are left out.
UNTOLD_DUPLICATES = """
with recursive below (id) as (
  select id from fold.incident where duplicate_of_id = %(original)s
  union select i.id from fold.incident i join below on i.duplicate_of_id = below.id
)
select i.id from below join fold.incident i using (id) join fold.incident o on o.id = %(original)s
where i.requester_id is distinct from o.requester_id and (%(after)s::uuid is null or i.id > %(after)s)
  and not exists (
    select from fold.follower f where f.record = 'incident/' || o.id and f.person_id = i.requester_id)
  and not exists (
    select from log.told e where e.stream = 'incident/' || i.id and e.type = 'incident.marked_duplicate'
      and e.position > %(position)s)
order by i.id limit %(limit)s"""
TEAM_LEAD = """
select p.id from fold.team t join fold.person p on p.id = t.lead_id
where t.id = %s and p.state = 'active' and p.deactivated_at is null"""


async def with_duplicates(connection: Connection, incidents: Sequence[UUID]) -> set[UUID]:
    """Return those of the incidents that have duplicates."""
    return {row["id"] for row in await fetch_rows(connection, WITH_DUPLICATES, (list(incidents),))}


async def duplicates_among(connection: Connection, incidents: Sequence[UUID]) -> set[UUID]:
    """Return those of the incidents that are duplicates."""
    return {row["id"] for row in await fetch_rows(connection, DUPLICATES_AMONG, (list(incidents),))}


async def duplicates_of(
    db: Database, original: UUID, *, position: int, after: UUID | None, limit: int
) -> list[UUID]:
    """Return the ids of the original's duplicates that were marked before the log's position, in order of id,
    after the id `after`.
    """
    parameters = {"original": original, "position": position, "after": after, "limit": limit}
    rows = await db.rows(DUPLICATES, parameters)
    return [row["id"] for row in rows]


async def missing_followers(
    db: Database, duplicate: UUID, original: UUID, *, after: UUID | None, limit: int
) -> list[UUID]:
    """Return the requester and followers of the duplicate who do not follow its original yet, in order of id,
    after the id `after`.
    """
    named = {"duplicate": stream(Incident.KIND, duplicate), "original": stream(Incident.KIND, original)}
    ids = {"id": duplicate, "original_id": original, "after": after, "limit": limit}
    return [row["id"] for row in await db.rows(MISSING_FOLLOWERS, named | ids)]


async def untold_duplicates(
    db: Database, original: UUID, *, position: int, after: UUID | None, limit: int
) -> list[UUID]:
    """Return the ids of all duplicates of the incident, also through others, that were marked before the
    log's position and whose requesters neither reported nor follow the incident, in order of id, after the
    id `after`.
    """
    parameters = {"original": original, "position": position, "after": after, "limit": limit}
    return [row["id"] for row in await db.rows(UNTOLD_DUPLICATES, parameters)]


async def following_person(db: Database, follower: UUID) -> UUID | None:
    """Return the person of the row of a follower; None if they do not follow any more."""
    person: UUID | None = await db.value(FOLLOWING_PERSON, (follower,))
    return person


async def is_public_comment(db: Database, comment: UUID) -> bool:
    """Return whether everybody who sees the comment's record may read it."""
    return await db.value(PUBLIC_COMMENT, (comment,)) is not None


async def duplicate_comment(db: Database, incident: UUID, comment: UUID) -> dict[str, Any] | None:
    """Return the duplicate's number, its original, and the comment's author, readers and folded part; None if
    the incident is no duplicate now.
    """
    return await db.row(DUPLICATE_COMMENT, (incident, comment))


async def duplicate_attachment(db: Database, incident: UUID, attachment: UUID) -> dict[str, Any] | None:
    """Return the duplicate's number, its original, and the fields of the file; None if the incident is no
    duplicate now.
    """
    return await db.row(DUPLICATE_ATTACHMENT, (incident, attachment))


async def reminder_recipients(db: Database, incident: Incident) -> list[UUID]:
    """Return the people to remind if the rota is empty: the lead of the incident's team; without one, the
    incident managers whose scope includes the incident.
    """
    lead = await db.rows(TEAM_LEAD, (incident.team_id,))
    if lead:
        return [row["id"] for row in lead]
    rows = await db.rows(HOLDERS, (grants_for(Role.incident_manager, incident), LONGEST_LIST))
    return [row["id"] for row in rows]


_ALERTED = """
select id, version, state, state_since, opened_at, began_at, started_at, resolved_at, closed_at,
  coalesce(service_restored_at, resolved_at, closed_at) as restored_at, duplicate_of_id
from fold.incident"""
# The condition on states is that of the index incident_alert_is_open_elsewhere, so that the index is used.
ALERTED_INCIDENT = f"""{_ALERTED}
where alert_group is null
  and coalesce(reported_by_id, requester_id) = %s and alert_source = %s and dedup_key = %s
  and dedup_key is not null and state in ('new', 'acknowledged', 'in_progress', 'on_hold')
"""

NEWEST_ALERTED_INCIDENT = f"""{_ALERTED}
where alert_group is null
  and coalesce(reported_by_id, requester_id) = %s and alert_source = %s and dedup_key = %s
order by opened_at desc, id desc limit 1
"""

# The last one that had begun by then, and was not over yet.
PAST_ALERTED_INCIDENT = f"""{_ALERTED}
where alert_group is null
  and coalesce(reported_by_id, requester_id) = %s and alert_source = %s and dedup_key = %s
  and state in ('resolved', 'closed') and coalesce(began_at, opened_at) <= %s
  and coalesce(service_restored_at, resolved_at, closed_at) >= %s
order by opened_at desc, id desc limit 1
"""

# The first one that began after that, and is over now.
NEXT_ALERTED_INCIDENT = f"""{_ALERTED}
where alert_group is null
  and coalesce(reported_by_id, requester_id) = %s and alert_source = %s and dedup_key = %s
  and state in ('resolved', 'closed') and began_at > %s
order by began_at, id limit 1
"""

# The last one that had begun by then, and was over by then.
CLEARED_INCIDENT = f"""{_ALERTED}
where alert_group is null
  and coalesce(reported_by_id, requester_id) = %s and alert_source = %s and dedup_key = %s
  and state in ('resolved', 'closed') and coalesce(began_at, opened_at) <= %s
  and coalesce(service_restored_at, resolved_at, closed_at) between %s and %s and duplicate_of_id is null
order by opened_at desc, id desc limit 1
"""

# The last event that moved the incident or assigned it.
LAST_MOVE = """
select type, actor from log.told where stream = %s and type = any(%s) order by version desc limit 1"""


@dataclass(frozen=True, slots=True)
class AlertedIncident:
    """An incident of an alert, with its version. `restored_at` is when the outage ended, as far as is
    known.
    """

    id: UUID
    version: int
    state: str
    state_since: datetime
    opened_at: datetime
    began_at: datetime | None
    started_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    restored_at: datetime | None
    duplicate_of_id: UUID | None

    @property
    def begin(self) -> datetime:
        """When the outage began, as far as is known."""
        return self.began_at or self.opened_at

    def was_resolved_by(self, when: datetime) -> bool:
        """Return whether somebody had resolved it by then, and not as a duplicate."""
        ended_at = self.resolved_at or self.closed_at
        return self.duplicate_of_id is None and ended_at is not None and ended_at < when


async def find_alerted_incident(
    db: Database, teller: UUID, source: str, dedup_key: str
) -> AlertedIncident | None:
    """Return the open incident of the alert that the account `teller` sends with that key, or None."""
    row = await db.row(ALERTED_INCIDENT, (teller, source, dedup_key))
    return None if row is None else AlertedIncident(**row)


async def find_newest_alerted_incident(
    db: Database, teller: UUID, source: str, dedup_key: str
) -> AlertedIncident | None:
    """Return the newest incident of the alert, whether it is open or not, or None."""
    row = await db.row(NEWEST_ALERTED_INCIDENT, (teller, source, dedup_key))
    return None if row is None else AlertedIncident(**row)


async def find_past_alerted_incident(
    db: Database, teller: UUID, source: str, dedup_key: str, when: datetime
) -> AlertedIncident | None:
    """Return the incident of the alert that is over now and was not at that time, or None."""
    row = await db.row(PAST_ALERTED_INCIDENT, (teller, source, dedup_key, when, when))
    return None if row is None else AlertedIncident(**row)


async def find_next_alerted_incident(
    db: Database, teller: UUID, source: str, dedup_key: str, when: datetime
) -> AlertedIncident | None:
    """Return the first incident of the alert that began after that time and is over now, or None."""
    row = await db.row(NEXT_ALERTED_INCIDENT, (teller, source, dedup_key, when))
    return None if row is None else AlertedIncident(**row)


async def find_cleared_incident(
    db: Database, teller: UUID, source: str, dedup_key: str, since: datetime | None, until: datetime
) -> AlertedIncident | None:
    """Return the incident of the alert that was over by that time, and, if that is given, not before `since`,
    or None.
    """
    values = (teller, source, dedup_key, until, since or EARLIEST, until)
    row = await db.row(CLEARED_INCIDENT, values)
    return None if row is None else AlertedIncident(**row)


async def is_reopened_by_its_tool(db: Database, incident: UUID, tool: str) -> bool:
    """Return whether the tool, an actor, has reopened the open incident and people have not worked on it
    since.
    """
    row = await db.row(LAST_MOVE, (f"incident/{incident}", sorted(MOVES)))
    return row is not None and (row["type"], row["actor"]) == ("incident.reopened", tool)


REVIEW = """
select id, reviewed_at, causes, went_well, went_badly, no_actions_reason from fold.incident_review
where record = %s order by reviewed_at desc, id desc limit 1
"""
REVIEW_TEXTS = ("causes", "went_well", "went_badly", "no_actions_reason")
TIMELINE = "select happened_at, text from fold.timeline_entry where review_id = %s order by happened_at, id"
#: The events that a timeline is proposed from: changes of state or assignment, and statements for those
#: affected.
TIMELINE_EVENTS = """
select occurred_at, type,
  case when data ? 'observed' then coalesce(data->'set'->stream, '{}') else data->'given' end as texts
from log.told where stream = %s and type = any(%s)
order by version limit %s
"""
#: Events that show work on an incident, or its end.
MOVES = frozenset(row.event for row in LIFECYCLE.rows if not row.stays) | {"incident.assigned"}
EARLIEST = datetime.min.replace(tzinfo=UTC)
TIMELINE_ACTIONS = frozenset(row.name for row in LIFECYCLE.rows if not row.stays) | {
    "contain",
    "declare_major",
    "downgrade",
    "post_update",
    "assign",
    "escalate",
    "prioritise",
}
#: Text fields that belong in a timeline. They are in the payload or, if another system reports the event, in
#: the changed fields of the record.
TIMELINE_TEXT_FIELDS = ("statement", "measure", "done", "reason", "containment", "resolution")


async def review_of(ledger: Ledger, incident: Incident, language: str) -> dict[str, Any]:
    """Return the review of the incident's present resolution, or without one a timeline proposed from the
    log.
    """
    row = None
    if incident.reviewed_at is not None:
        row = await ledger.db.row(REVIEW, (incident.row_key,))
    if row is None:
        entries = await _proposed_timeline(ledger, incident, language)
        return {**dict.fromkeys(ReviewOut.model_fields), "timeline": entries}
    entries = await ledger.db.rows(TIMELINE, (row.pop("id"),))
    encrypted = [row[name] for name in REVIEW_TEXTS if row[name] is not None]
    texts = await ledger.vault.texts([*encrypted, *(entry["text"] for entry in entries)])
    for values in (row, *entries):
        for name, value in values.items():
            values[name] = instant(value) if isinstance(value, datetime) else texts.get(value)
    return {**row, "timeline": entries}


async def _proposed_timeline(ledger: Ledger, incident: Incident, language: str) -> list[dict[str, Any]]:
    by_event = {row.event: row for row in LIFECYCLE.rows if row.name in TIMELINE_ACTIONS}
    events = await ledger.db.rows(TIMELINE_EVENTS, (incident.row_key, list(by_event), LONGEST_LIST))
    encrypted = [
        next((event["texts"][name] for name in TIMELINE_TEXT_FIELDS if name in event["texts"]), None)
        for event in events
    ]
    texts = await ledger.vault.texts(
        words for words in encrypted if words is not None and is_encrypted(words)
    )
    entries = []
    for event, words in zip(events, encrypted, strict=True):
        text, label = texts.get(words or ""), by_event[event["type"]].label(language)
        entries.append(
            {"happened_at": instant(event["occurred_at"]), "text": f"{label}: {text}" if text else label}
        )
    return entries
