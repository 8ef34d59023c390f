"""Creation of notices from events, after a delay (`notice_seconds`) that lets events be bundled.

A consumer enqueues the recipients of an event, each person once, in the transaction that moves its
checkpoint. Entries that have waited long enough are bundled by person and ticket; the bundles are committed,
and only then sent, with an idempotency key made from the bundle. So a worker that dies in between neither
sends twice nor loses a notice. Whether the person may see the ticket is decided when the notice is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.common.notices import ANSWERS, NoticeKind, NoticeType
from app.common.people import MailFrequency
from app.common.tickets import Ticket
from app.common.times.clocks import KIND as CLOCK
from app.foundation.decisions.records import Decision
from app.kernel.consumers import polling as rounds
from app.kernel.consumers.rules import Clock, RuleCause, RuleConsequence, perform_consequence, record_refusal
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible
from app.log.batches import Batch
from app.log.events import Recorded, kind_of
from app.log.follow import Consumer
from app.notifications import steps
from app.notifications.lifecycle import MOST_STEPS, SendNotice
from app.notifications.recipients import POST_KINDS, relieved_persons, resolve_recipients
from app.notifications.records import DeliveryMethod
from app.notifications.responsible import ResponsibilityMarks, responsibility_marks
from app.platform.db import AnswerDeadline, Connection, Row, fetch_rows, fetch_tuples
from app.platform.shared_connections import SharedConnections

#: The name of the actor of sent notices in the log, and of the consumer.
NAME = "notices"
BATCH = 1_000
POLL_SECONDS = 1.0
LONGEST_SECONDS = 60.0
RETRY_DELAY = timedelta(minutes=1)
MOST_ASSIGNED = 1_000
# The log's writer appends this many commands in one batch.
BUNDLES_PER_BATCH = 64

# Imported events and events older than a day cause no notices: a consumer that starts with a long log must
# not send a year's notices.
OLDEST_RECORDED_AT = "select clock_timestamp() - interval '1 day'"
# An item that was overdue for longer than this when a rule flags it sends no notice: a version that learns a
# new flag finds everything that was ever late, and lists show it.
LONGEST_OVERDUE = timedelta(days=30)
# People named by the event come first: they get the notice with the reason, and no second one as followers.
# People who began to follow, or were invited, after the event get no notice. The order is that of the log,
# since an event may have an earlier date than events recorded before it.
ENQUEUE = """
with told as (
  select * from jsonb_to_recordset(%(told)s::jsonb) as t(position bigint, stream text, id uuid,
    version integer, told_on text, step text, actor_id uuid, person_id uuid, whom text, decision_id uuid)
), whom as (
  select t.position, t.stream, t.version, t.told_on, t.step, t.actor_id, t.person_id, 1 as place
  from told t where t.person_id is not null
  union all
  select t.position, t.stream, t.version, t.told_on, t.step, t.actor_id, f.person_id, 2
  from told t join (
    select record, version, person_id from fold.follower
    union all select record, version, person_id from fold.onlooker
  ) f on f.record = t.stream and f.version < t.version
  where t.whom = 'public'
  union all
  select t.position, t.stream, t.version, t.told_on, t.step, t.actor_id, v.person_id, 2
  from told t join fold.vote v on v.decision_id = t.decision_id
  where t.whom = 'asked' or (t.whom = 'yet_to_vote' and v.verdict is null and v.closed_at is null)
  union all
  select t.position, t.stream, t.version, t.told_on, t.step, t.actor_id, d.asked_by_id, 2
  from told t join fold.decision d on d.id = t.decision_id where t.whom = 'asked'
  union all
  select t.position, t.stream, t.version, t.told_on, t.step, t.actor_id, p.person_id, 2
  from told t join fold.participant p on p.record = t.stream
  where t.whom = 'invited' and not exists (
    select from log.told e where e.stream = t.stream and e.position > t.position
    and e.data->'set'->('participant/' || p.id) ? 'person_id')
  union all
  select t.position, t.stream, t.version, t.told_on, t.step, t.actor_id,
    unnest(array[m.chair_id, m.organiser_id]), 2
  from told t join fold.meeting m on m.id = t.id where t.whom = 'leads'
  {concerned}
)
insert into deliveries.waiting (person_id, position, stream, version, told_on, step, due_at)
select distinct on (person_id, position) person_id, position, stream, version, told_on, step, %(due_at)s
from whom
where person_id is not null and person_id is distinct from actor_id
order by person_id, position, place
on conflict (person_id, position) do nothing"""
TICKET_RECIPIENTS = """
  union all
  select t.position, t.stream, t.version, t.told_on, t.step, t.actor_id,
    case t.whom when 'public' then r.requester_id when 'assignee' then r.assignee_id
      else coalesce(r.assignee_id, (select lead_id from fold.team where id = r.team_id)) end, 2
  from told t join {table} r on r.id = t.id
  where t.whom in ('public', 'assignee', 'responsible') and t.stream like '{kind}/%%'"""

TRY_LOCK = "select pg_try_advisory_xact_lock(hashtextextended('deliveries.waiting', 1))"
ASSIGN_BUNDLES = f"""
with due as (
  select distinct person_id, stream from (
    select person_id, stream from deliveries.waiting
    where bundle is null and due_at <= %s order by due_at limit {MOST_ASSIGNED}
  ) as first_of
), placed as (
  select person_id, stream, position,
    (row_number() over (partition by person_id, stream order by position) - 1) / {MOST_STEPS} as part
  from deliveries.waiting join due using (person_id, stream) where bundle is null
), settled as (
  select person_id, position, min(position) over (partition by person_id, stream, part) as bundle from placed
)
update deliveries.waiting w set bundle = s.bundle, due_at = least(w.due_at, %s)
from settled s where w.person_id = s.person_id and w.position = s.position"""
BUNDLES = f"""
select b.*, e.id as cause, e.correlation_id from (
  select person_id, stream, bundle, array_agg(version order by position) as versions,
    array_agg(step order by position) as steps,
    array_agg(coalesce(told_on, stream) order by position) as streams, min(due_at) as due_at
  from deliveries.waiting where bundle is not null and due_at <= %s group by person_id, stream, bundle
  order by min(due_at), bundle limit {BUNDLES_PER_BATCH}
) as b join log.event e on e.position = b.bundle order by b.due_at, b.bundle"""
TICKETS_OF_CLOCKS = "select stream, about from log.stream_head where stream = any(%s)"
AUDIENCES = "select stream, audience from log.stream_head where stream = any(%s)"
PREFERENCES = """
select id, told_of, told_by_mail, mail_waits_for_you, mail_is_yours, mail_you_follow, mail_for_information,
  email is not null as has_address from fold.person where id = any(%s)"""
BUNDLE_KEY = "person_id = %s and stream = %s and bundle = %s"
DELETE_BUNDLE = f"delete from deliveries.waiting where {BUNDLE_KEY}"
ANY_DUE = "select 1 from deliveries.waiting where due_at <= %s limit 1"
POSTPONE_BUNDLE = f"update deliveries.waiting set due_at = %s where {BUNDLE_KEY}"


def consumer(ledger: Ledger, clock: Clock) -> Consumer:
    """Return the consumer that enqueues the recipients of events."""
    kinds = {
        kind: lifecycle.table
        for kind, lifecycle in ledger.lifecycles.items()
        if issubclass(lifecycle.record, Ticket)
    }
    concerned = "".join(TICKET_RECIPIENTS.format(kind=kind, table=table) for kind, table in kinds.items())
    marks = responsibility_marks(tuple(ledger.lifecycles.values()))
    decided = [kind for kind, lifecycle in ledger.lifecycles.items() if Decision in lifecycle.children]
    of_posts = {name for kind in POST_KINDS for name in ledger.lifecycles[kind].event_types}
    wait, types = (
        ENQUEUE.replace("{concerned}", concerned),
        frozenset(steps.notified_event_types(kinds, decided, marks)) | of_posts,
    )

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        ((since,),) = await fetch_tuples(connection, OLDEST_RECORDED_AT, {})
        recorded = await batch.events(types, imported=False)
        events = [event for event in recorded if event.recorded_at > since and not _is_long_overdue(event)]
        tickets = await _tickets_of_clocks(connection, events)
        named = [each for event in events for each in _pending_notices(event, marks, tickets)]
        named += await relieved_persons(connection, ledger, events)
        if pending := await resolve_recipients(connection, ledger, named):
            due_at = clock() + timedelta(seconds=ledger.settings.notice_seconds)
            parameters = {"told": orjson.dumps([_row(each) for each in pending]).decode(), "due_at": due_at}
            await fetch_tuples(connection, wait, parameters)

    return Consumer(NAME, handle_batch, BATCH, types=types)


def _is_long_overdue(event: Recorded) -> bool:
    return event.type.endswith("_overdue") and event.recorded_at - event.occurred_at > LONGEST_OVERDUE


async def _tickets_of_clocks(connection: Connection, events: Sequence[Recorded]) -> dict[str, str]:
    """Return, by the streams of clocks among those of the events, the streams of their tickets."""
    clocks = list({event.stream for event in events if kind_of(event.stream) == CLOCK})
    rows = await fetch_rows(connection, TICKETS_OF_CLOCKS, (clocks,)) if clocks else ()
    return {row["stream"]: row["about"] for row in rows}


def _pending_notices(
    event: Recorded, marks: ResponsibilityMarks, tickets: Mapping[str, str]
) -> Iterable[steps.PendingNotice]:
    ticket = tickets.get(event.stream)
    return steps.pending_notices(event, marks) if ticket is None else steps.clock_notices(event, ticket)


def _row(notice: steps.PendingNotice) -> Row:
    event, recipient = notice.event, notice.recipient
    return {
        "position": event.position,
        "stream": notice.record,
        "id": notice.record.partition("/")[2],
        "version": event.version,
        "told_on": notice.about and event.stream,
        "step": notice.step,
        "actor_id": notice.actor_id,
        "person_id": recipient if isinstance(recipient, UUID) else None,
        "whom": recipient if isinstance(recipient, steps.RecipientGroup) else None,
        "decision_id": notice.decision_id,
    }


@dataclass(frozen=True, slots=True)
class Bundle:
    """The events about a ticket that one notice to a person covers; `first`: the first one's position. Each
    step is the stream and the version of its event, and the notice type.
    """

    person_id: UUID
    stream: str
    first: int
    steps: Sequence[tuple[str, int, NoticeType]]
    cause: UUID
    correlation_id: str

    @property
    def key(self) -> tuple[UUID, str, int]:
        """The key of the bundle among the waiting entries: person, stream and position of the first event."""
        return self.person_id, self.stream, self.first


async def run(
    connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]
) -> None:
    """Send due notices for ever, alongside other workers. `failed` is called for each failure."""

    async def work(connection: Connection) -> bool:
        due = await (await connection.execute(ANY_DUE, (clock(),))).fetchone()
        return due is not None and bool(await send_due(connection, ledger, clock(), failed=failed))

    await rounds.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def send_due(
    connection: Connection, ledger: Ledger, now: datetime, *, failed: Callable[[str, Exception], None]
) -> int:
    """Send due notices, at most one batch. Return the number of bundles; 0 if all are sent, or another worker
    is sending. Raises DatabaseGone; the entries are kept.
    """
    ends = asyncio.get_running_loop().time() + LONGEST_SECONDS
    async with AnswerDeadline(connection, ends):
        async with connection.transaction():
            if not await _try_lock(connection):
                return 0
            await connection.execute(ASSIGN_BUNDLES.encode(), (now, now))
        # The bundles are committed before any is sent: so an idempotency key always means the same notice.
        async with connection.transaction():
            if not await _try_lock(connection):
                return 0
            return await _send(connection, ledger, now, failed)


async def _try_lock(connection: Connection) -> bool:
    cursor = await connection.execute(TRY_LOCK)
    row = await cursor.fetchone()
    return bool(row and row[0])


async def _send(
    connection: Connection, ledger: Ledger, now: datetime, failed: Callable[[str, Exception], None]
) -> int:
    bundles = [_bundle(row) for row in await fetch_rows(connection, BUNDLES, (now,))]
    bodies = await _bodies(connection, ledger, bundles)
    sent = [bundle for bundle in bundles if bundle.key in bodies]
    causes = [
        RuleCause(
            NAME,
            bundle.cause,
            bundle.correlation_id,
            now,
            f"{bundle.person_id}:{bundle.stream}:{bundle.first}",
        )
        for bundle in sent
    ]
    consequences = [RuleConsequence("notice", "send", None, bodies[bundle.key]) for bundle in sent]
    doing = [perform_consequence(ledger, *pair) for pair in zip(causes, consequences, strict=True)]
    outcomes = await asyncio.gather(*doing, return_exceptions=True)
    later: set[tuple[UUID, str, int]] = set()
    for bundle, cause, consequence, outcome in zip(sent, causes, consequences, outcomes, strict=True):
        if isinstance(outcome, Exception):
            failed(NAME, outcome)
            later.add(bundle.key)
        elif isinstance(outcome, BaseException):
            raise outcome
        elif outcome is not None:
            await record_refusal(connection, cause, consequence, outcome)
    for bundle in bundles:
        if bundle.key in later:
            await connection.execute(POSTPONE_BUNDLE.encode(), (now + RETRY_DELAY, *bundle.key))
        else:
            await connection.execute(DELETE_BUNDLE.encode(), bundle.key)
    return len(bundles)


def _bundle(row: Row) -> Bundle:
    told_steps = [
        (stream, version, NoticeType(step))
        for stream, version, step in zip(row["streams"], row["versions"], row["steps"], strict=True)
    ]
    return Bundle(
        row["person_id"], row["stream"], row["bundle"], told_steps, row["cause"], row["correlation_id"]
    )


async def _bodies(
    connection: Connection, ledger: Ledger, bundles: Sequence[Bundle]
) -> Mapping[tuple[UUID, str, int], SendNotice]:
    """Return the payloads of the bundles' notices, by key of the bundle, for the persons who may see the
    ticket now and have chosen these notice types.
    """
    persons = list({bundle.person_id for bundle in bundles})
    callers = await ledger.directory.callers(persons)
    preferences = {row["id"]: row for row in await fetch_rows(connection, PREFERENCES, (persons,))}
    streams = list({bundle.stream for bundle in bundles})
    audiences = {
        row["stream"]: row["audience"] for row in await fetch_rows(connection, AUDIENCES, (streams,))
    }
    bodies = {}
    for bundle in bundles:
        caller = callers.get(bundle.person_id)
        # An integration reads events instead of notices.
        if caller is None or caller.actor.startswith("integration:"):
            continue
        lifecycle = ledger.lifecycles[kind_of(bundle.stream)]
        person = preferences[bundle.person_id]
        chosen = [
            bundle_step for bundle_step in bundle.steps if _is_chosen(person["told_of"], bundle_step[2])
        ]
        if not is_visible(ledger, lifecycle, caller, audiences[bundle.stream]):
            chosen = [bundle_step for bundle_step in chosen if bundle_step[2] in ANSWERS]
        if chosen:
            mailed = person["has_address"] and any(
                frequency_of(person, step) is not MailFrequency.none for *_, step in chosen
            )
            bodies[bundle.key] = SendNotice(
                person=str(bundle.person_id),
                ticket=bundle.stream,
                steps=tuple(step for *_, step in chosen),
                versions=tuple(version for _, version, _ in chosen),
                streams=_other_streams(bundle, [stream for stream, *_ in chosen]),
                way=DeliveryMethod.mail
                if mailed and ledger.settings.smtp_host is not None
                else DeliveryMethod.in_app,
            )
    return bodies


def _other_streams(bundle: Bundle, streams: Sequence[str]) -> tuple[str, ...] | None:
    """Return the streams of the events if not all are the ticket's own."""
    return None if all(stream == bundle.stream for stream in streams) else tuple(streams)


def _is_chosen(chosen_types: Sequence[str] | None, step: NoticeType) -> bool:
    """Return whether `step` is among the notice types that a person has chosen (`of`; None: all). Requests to
    the person are always sent.
    """
    return chosen_types is None or step.value in chosen_types or step.kind is NoticeKind.waits_for_you


def frequency_of(person: Mapping[str, Any], step: NoticeType) -> MailFrequency:
    """Return how often the person, by their row, wants mails of that notice type."""
    if not _is_chosen(person["told_by_mail"], step):
        return MailFrequency.none
    return MailFrequency(person[f"mail_{step.kind}"] or MailFrequency.at_once)
