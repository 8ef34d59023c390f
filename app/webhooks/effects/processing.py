"""Processing of deliveries: in order per ticket of the tool, and once in effect.

One worker processes a source at a time. It maps the waiting deliveries, carries out their news, ticket by
ticket in the order of receipt, and records their outcomes. If it dies, they are processed again: finished
parts are known by their key.

News of tickets and comments become observed events, without `perform` (mirror.py, comments.py); persons and
teams that they name are added first (identities.py). News of alerts, deployments and mails become commands.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from pydantic import ValidationError

from app.kernel.access.reads import load
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.made_fit import Alteration
from app.kernel.commands.command import IdempotencyKey
from app.kernel.consumers import polling as rounds
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of
from app.log.ids import uuid7
from app.platform.db import Connection
from app.platform.shared_connections import SharedConnections
from app.processes.incidents.alert_rules.lookups import active_alert_rules
from app.processes.incidents.alert_rules.matching import group_values, grouping_rule
from app.processes.incidents.alert_rules.records import AlertRule
from app.processes.incidents.monitoring.alert import labels_of
from app.processes.incidents.monitoring.handling import AlertPolicy, handle_alert
from app.processes.incidents.monitoring.quiet_alerts import remove_old_quiet_alerts
from app.processes.incidents.records import OPEN
from app.webhooks.adapters import MAIL
from app.webhooks.effects.alert_conversion import alert_of
from app.webhooks.effects.comments import take_comment
from app.webhooks.effects.confirmations import outcome_without_news
from app.webhooks.effects.heard_alerts import HeardAlert, alert_fingerprint, alert_goes_on, keep_heard
from app.webhooks.effects.identities import Identities, Identity, tool_caller
from app.webhooks.effects.kept_files import attach_files, kept_files
from app.webhooks.effects.mails import take_mail
from app.webhooks.effects.mirror import Mirror
from app.webhooks.effects.mirrored.deployments import take_deployment
from app.webhooks.effects.mirrored.kinds import KINDS
from app.webhooks.effects.mirrored.values import take_tags_and_values
from app.webhooks.effects.outcomes import (
    ENDED_UNKNOWN_TICKET,
    FAILURES,
    SourceFailed,
    failed_outcome,
    outcome_of_failed_part,
)
from app.webhooks.intake import deliveries
from app.webhooks.intake.deliveries import DeliveryEffect, DeliveryState, Outcome, StoredDelivery
from app.webhooks.intake.source_mapping import evaluate
from app.webhooks.intake.source_tests import tested
from app.webhooks.mapping.ticket_kinds import as_kind
from app.webhooks.mapping.updates import (
    AlertSignal,
    CommentUpdate,
    DeploymentUpdate,
    Evaluation,
    MappingFailed,
    ParsedUpdate,
    TicketUpdate,
)
from app.webhooks.sources.lookup import find_source
from app.webhooks.sources.records import WebhookSource, WebhookSourceState
from app.webhooks.two_way.pending_writes import Writes
from app.webhooks.two_way.sources import TwoWaySource
from app.webhooks.two_way.tool_clocks import CLOCK_TOLERANCE, on_our_clock
from app.webhooks.write_back.templates import template_keys, template_of

NAME = "webhooks"
POLL_SECONDS = 0.25
#: Deliveries that are processed together, and tickets that are at the same time. Their outcomes are written
#: together: a worker that is killed has so many to do again.
BATCH = 32
#: So long a source is processed before it is the turn of the next one that has deliveries.
TURN_SECONDS = 0.5
CONCURRENT_TICKETS = 8
#: Key of the marks of a whole body.
BODY = "body"
#: Seconds between two removals of old content.
REMOVAL_SECONDS = 3_600.0
WAITING_SOURCES = """
select s.id from fold.webhook_source s where s.state = 'active' and exists (
  select from plumbing.webhook_delivery d where d.source_id = s.id and d.state = 'waiting')
order by s.id
"""
#: In turns: those after the one that was processed last go first.
NEXT_SOURCES = WAITING_SOURCES.replace("order by s.id", "order by s.id <= %s, s.id")


@dataclass(frozen=True, slots=True)
class _Task:
    """One part of a delivery, with its key in events."""

    delivery: StoredDelivery
    key: str
    news: ParsedUpdate


@dataclass(slots=True)
class _Progress:
    """The effects of a delivery so far. `failure` is the first that failed; `alerts` counts the
    alerts.
    """

    failure: Outcome | None = None
    effects: list[DeliveryEffect] = field(default_factory=list)
    alerts: int = 0
    #: How the body was altered.
    altered: Sequence[Alteration] = ()

    def add(self, effect: DeliveryEffect) -> None:
        """Add an effect, with what was altered of the body."""
        marks = {BODY: [code.value for code in self.altered]} if self.altered else {}
        self.effects.append(replace(effect, altered={**(effect.altered or {}), **marks}))

    def outcome(self) -> Outcome:
        """Return what has become of the delivery as a whole."""
        alerts = self.alerts if self.alerts == len(self.effects) else None
        done = self.failure or Outcome(DeliveryState.processed)
        return replace(done, effects=self.effects, alerts=alerts)


class Processor:
    """Processes the deliveries of one source."""

    def __init__(self, ledger: Ledger, source: WebhookSource, clock: Clock, account: Identity) -> None:
        self._ledger = ledger
        self._source = source
        self._clock = clock
        self._account = account
        self._people = Identities(ledger, str(source.key), clock())
        self._both_ways: TwoWaySource | None = None
        #: Tickets whose answers deliveries wait for, by the name that they wait by; None: one that is
        #: just opened.
        self._awaiting: dict[str, str | None] = {}
        self._mirror = Mirror(ledger, source, account, self._people, clock)
        self._requests = Mirror(ledger, source, account, self._people, clock, kind=KINDS["request"])
        #: Tickets that were opened, or may have been when this was processed before.
        self._known_cases: list[str] = []
        self._heard: dict[str, HeardAlert] = {}
        self._rules: Sequence[AlertRule] = ()

    async def process(self, waiting: Sequence[StoredDelivery]) -> dict[UUID, Outcome]:
        """Carry out the news of these deliveries, and return their outcomes. Raises DatabaseGone."""
        if self._source.adapter == MAIL:
            return await self._process_mails(waiting)
        await self._load_two_way_source()
        outcomes: dict[UUID, Outcome] = {}
        progress: dict[UUID, _Progress] = {}
        self._rules = await active_alert_rules(self._ledger.db)
        by_ticket: dict[tuple[str, str], list[_Task]] = defaultdict(list)
        for delivery in waiting:
            evaluation = await self._news(delivery)
            if isinstance(evaluation, Outcome):
                outcomes[delivery.id] = evaluation
                continue
            progress[delivery.id] = _Progress(outcome_of_failed_part(evaluation), altered=evaluation.altered)
            for n, news in evaluation.numbered():
                by_ticket[self._ticket_of(news)].append(_Task(delivery, f"{delivery.delivery_key}:{n}", news))
        await self._read_ahead([task.news for tasks in by_ticket.values() for task in tasks])
        turns = asyncio.Semaphore(CONCURRENT_TICKETS)

        async def in_order(tasks: list[_Task]) -> None:
            async with turns:
                for task in tasks:
                    await self._carry_out(task, progress[task.delivery.id])

        async with asyncio.TaskGroup() as group:
            for tasks in by_ticket.values():
                group.create_task(in_order(tasks))
        for delivery_id, done in progress.items():
            outcomes[delivery_id] = done.outcome()
        await self._finish(outcomes)
        return outcomes

    async def _read_ahead(self, updates: Sequence[ParsedUpdate]) -> None:
        """Read the tickets and persons that the news name, all at once."""
        news = [each for each in updates if not isinstance(each, AlertSignal)]
        # Persons are found by their login or address, or by a fingerprint of the tool's name for them.
        await self._people.find_known_persons(person for each in news for person in each.persons)
        if self._both_ways is None:
            # Where the tool is written to, others open and change its tickets, too.
            incidents, cases = self._mirror.known_tickets, {each.case for each in news}
            await incidents.read_ahead(cases)
            unknown_cases = {case for case in cases if not incidents.has_ticket(case)}
            await self._requests.known_tickets.read_ahead(unknown_cases)

    def _ticket_of(self, news: ParsedUpdate) -> tuple[str, str]:
        """Return what news are processed in order: those of one ticket, or of one alert. Alerts of a group
        would be in each other's way at once.
        """
        if not isinstance(news, AlertSignal):
            return "", news.case
        alone = "alert", f"{news.source} {news.dedup_key}"
        try:
            labels = labels_of(alert_of(self._source, news))
        except ValidationError:
            return alone  # it fails in its turn, and does not block others
        rule = grouping_rule(self._rules, labels)
        if rule is None:
            return alone
        return "group", " ".join((str(rule.id), *group_values(rule, labels)))

    async def _load_two_way_source(self) -> None:
        """Find out whether the tool is written to, too."""
        if self._source.adapter not in template_keys():
            return
        writes = Writes(self._ledger.db, str(self._source.key))
        accounts = await writes.accounts()
        if not accounts:
            return
        groups = template_of(str(self._source.adapter)).template.groups
        self._both_ways = TwoWaySource(self._ledger, writes, self._account, accounts, groups, self._clock)
        self._mirror = Mirror(
            self._ledger, self._source, self._account, self._people, self._clock, self._both_ways
        )

    async def _finish(self, outcomes: dict[UUID, Outcome]) -> None:
        """Record the outcomes, with what was heard last of alerts, and have those replayed that awaited a
        ticket which is known now.

        Those that led to the tickets are recorded last: if the process dies before, they are processed again
        and find their tickets once more.
        """
        await keep_heard(self._ledger.db, self._source.id, list(self._heard.values()))
        self._heard.clear()
        failed = {key: outcome for key, outcome in outcomes.items() if outcome.state is DeliveryState.failed}
        await deliveries.finish(self._ledger.db, failed)
        for name, ticket in self._awaiting.items():
            # The answer may have come before the delivery was recorded as one that waits for it.
            if self._both_ways is not None and not await self._both_ways.is_awaited(ticket):
                self._known_cases.append(name)
        self._awaiting.clear()
        if self._known_cases:
            await deliveries.replay_awaiting(self._ledger.db, self._source.id, self._known_cases)
            self._known_cases.clear()
        remaining = {key: outcome for key, outcome in outcomes.items() if key not in failed}
        await deliveries.finish(self._ledger.db, remaining)

    async def _process_mails(self, waiting: Sequence[StoredDelivery]) -> dict[UUID, Outcome]:
        """Take these mails one after the other: a reply may follow the mail that it adds to."""
        outcomes: dict[UUID, Outcome] = {}
        for delivery in waiting:
            outcomes[delivery.id] = await self._take_mail(delivery)
            await deliveries.finish(self._ledger.db, {delivery.id: outcomes[delivery.id]})
        return outcomes

    async def _take_mail(self, delivery: StoredDelivery) -> Outcome:
        if delivery.raw is None:
            return Outcome(DeliveryState.failed, code="content_removed")
        try:
            effect = await take_mail(
                self._ledger, self._source, self._account, self._people, delivery, self._clock()
            )
        except FAILURES as error:
            return failed_outcome(error)
        return Outcome(DeliveryState.processed, [effect])

    async def _news(self, delivery: StoredDelivery) -> Evaluation | Outcome:
        """Return the news of the delivery by the source's mapping, or its outcome if it has none. The
        adapter's mapping is evaluated in this process; a source's own in a process that can be killed.
        """
        if delivery.raw is None:
            return Outcome(DeliveryState.failed, code="content_removed")
        try:
            evaluation = await evaluate(
                self._source, delivery.raw, delivery.received_at, self._ledger.settings.time_zone
            )
        except MappingFailed as error:
            return Outcome(DeliveryState.failed, code=error.code, mapping_key=error.key)
        if evaluation.ignored is not None:
            return await outcome_without_news(self._ledger, self._source, delivery.raw, evaluation.ignored)
        return evaluation

    async def _carry_out(self, task: _Task, progress: _Progress) -> None:
        """Carry out one part of a delivery. A part that cannot be carried out, by a refusal, an unfit value
        or lasting conflicts, fails the delivery with its code; the other parts are carried out. A delivery
        about a ticket that ended and was never here is ignored.
        """
        try:
            progress.add(await self._effect(task))
            progress.alerts += isinstance(task.news, AlertSignal)
        except FAILURES as error:
            progress.failure = progress.failure or failed_outcome(error)

    async def _effect(self, task: _Task) -> DeliveryEffect:
        news, now = task.news, self._clock()
        received_at = task.delivery.received_at
        if self._both_ways is None or isinstance(news, AlertSignal | DeploymentUpdate):
            latest = max(now, received_at) + CLOCK_TOLERANCE
            news = on_our_clock(news, timedelta(), received_at, latest)
        if isinstance(news, AlertSignal):
            effect = await self._alert(news, task)
            await self._attach_whole(news, effect, self._account.id)
            return effect
        if isinstance(news, DeploymentUpdate):
            # A deployment is no ticket: a command records the report of its run.
            return await take_deployment(self._ledger, self._source, self._account.id, news, task.key, now)
        if self._both_ways is not None:
            news = await self._both_ways.convert(news, min(now, received_at))
            # It is asked before the ticket is read: what has been answered by then is in the ticket.
            ticket = await self._find_ticket(news.case)
            awaited = await self._both_ways.awaits(news, ticket)
            if awaited is not None:
                self._awaiting[awaited] = ticket
                raise SourceFailed("awaits_answer", awaited)
        if isinstance(news, TicketUpdate):
            effect = await self._take_ticket(news, task.key)
            writes = None if self._both_ways is None else self._both_ways.writes
            # Tags and custom fields: the tool's changes are taken over, those of people here stay.
            effect = await take_tags_and_values(
                self._ledger, self._mirror.channel, self._account.id, effect, news, now, writes=writes
            )
            if effect.outcome != "updated":
                self._known_cases.append(news.case)
            if news.whole_texts or news.files:
                await self._attach_whole(news, effect, await self._author(effect))
            return effect
        return await self._comment(news, now)

    async def _find_ticket(self, case: str) -> str | None:
        """Return the stream of the ticket with that id over there; None if it is unknown."""
        return await self._mirror.find_ticket(case) or await self._requests.find_ticket(case)

    async def _take_ticket(self, news: TicketUpdate, key: str) -> DeliveryEffect:
        """Record the tool's news of a ticket, which keeps its kind here if the tool changes it."""
        own_mirror, other_mirror = self._mirror, self._requests
        if news.process == "request":
            own_mirror, other_mirror = other_mirror, own_mirror
        is_known = own_mirror.known_tickets.has_ticket(news.case)
        if not is_known and await other_mirror.find_ticket(news.case) is not None:
            return await other_mirror.apply(as_kind(news, other_mirror.kind), key)
        return await own_mirror.apply(news, key)

    async def _author(self, effect: DeliveryEffect) -> UUID:
        """Return whose words those of the ticket are: its requester's, else the tool's."""
        assert effect.record is not None
        lifecycle = self._ledger.lifecycles[kind_of(effect.record)]
        loaded = await load(self._ledger.db, lifecycle, str(id_of(effect.record)))
        requester: UUID | None = None if loaded is None else loaded.record.requester_id
        if requester is None or await self._ledger.vault.author(requester) is None:
            return self._account.id
        return requester

    async def _attach_whole(
        self, news: TicketUpdate | AlertSignal, effect: DeliveryEffect, author: UUID
    ) -> None:
        """Attach the texts of the news that are longer than a field, and the files within them."""
        files = kept_files(news.whole_texts, news.files)
        if not files or effect.record is None:
            return
        await attach_files(
            self._ledger,
            self._mirror.channel,
            self._account.id,
            author,
            effect.record,
            files,
            now=self._clock(),
        )

    async def _comment(self, news: CommentUpdate, now: datetime) -> DeliveryEffect:
        ticket = await self._find_ticket(news.case)
        if ticket is None and news.ignored_if_unknown:
            raise SourceFailed(ENDED_UNKNOWN_TICKET)
        if ticket is None:
            raise SourceFailed("unknown_ticket", news.case)
        if self._both_ways is not None and await self._both_ways.is_known_comment(news):
            return DeliveryEffect("known_already", ticket)
        author = None if news.author is None else await self._people.person(news.author)
        if author is None or author.key is None:
            author = self._account
        return await take_comment(
            self._ledger,
            self._mirror.channel,
            self._account.id,
            author,
            ticket,
            news,
            now=now,
            events_ahead=self._mirror.known_tickets.events_ahead(ticket, news.id),
        )

    async def _alert(self, news: AlertSignal, task: _Task) -> DeliveryEffect:
        delivery, channel = task.delivery, self._mirror.channel
        name = alert_fingerprint(self._ledger, channel, news)
        if not delivery.has_id and await self._goes_on(name, delivery):
            return DeliveryEffect("known_already")
        alert = alert_of(self._source, news)
        metadata = CommandMetadata(
            caller=tool_caller(self._account.id),
            now=delivery.received_at,
            correlation_id=str(uuid7()),
            source=channel,
            source_ref=task.key,
            altered=news.altered,
        )
        fingerprint = self._ledger.vault.fingerprint("delivery", channel, task.key)
        once = IdempotencyKey(channel, fingerprint, fingerprint)
        seconds = self._source.flapping_seconds
        flapping = timedelta(seconds=seconds) if seconds else None
        policy = AlertPolicy(self._rules, flapping)
        outcome, done = await handle_alert(self._ledger, alert, metadata, once, policy)
        record = None if done is None else done.record
        incident, is_open = (None, False) if record is None else (record.id, record.state in OPEN)
        firing = news.status != "cleared"
        self._heard[name] = HeardAlert(name, delivery.id, delivery.content_hash, firing, incident, is_open)
        if record is None:
            return DeliveryEffect(outcome.value, altered=news.altered)
        return DeliveryEffect(outcome.value, record.row_key, record.number, news.altered)

    async def _goes_on(self, name: str, delivery: StoredDelivery) -> bool:
        """Return whether the report repeats the last one of the alert, which goes on."""
        last = self._heard.get(name)
        if last is None:
            db, source = self._ledger.db, self._source.id
            return await alert_goes_on(db, source, name, delivery.id, delivery.content_hash)
        is_same = last.content_hash == delivery.content_hash and last.delivery_id != delivery.id
        return is_same and (not last.firing or last.was_open)


async def process_source(
    ledger: Ledger, source_id: UUID, clock: Clock, *, elapsed: Callable[[], float] = monotonic
) -> bool:
    """Process deliveries of the source that wait, for as long as its turn lasts. Return whether there were
    any. `elapsed` returns seconds.
    """
    source = await find_source(ledger.db, str(source_id))
    if source is None or source.state is not WebhookSourceState.active:
        return False
    ends = elapsed() + TURN_SECONDS
    processor, was_any = None, False
    while waiting := await deliveries.waiting(ledger, source_id, BATCH):
        was_any = True
        tests = {each.id: await tested(ledger, source, each) for each in waiting if each.is_test}
        await deliveries.finish(ledger.db, tests)
        news = [delivery for delivery in waiting if not delivery.is_test]
        if news and processor is None:
            account = await Identities(ledger, str(source.key), clock()).account()
            processor = Processor(ledger, source, clock, account)
        if news and processor is not None:
            await processor.process(news)
        if len(waiting) < BATCH or elapsed() >= ends:
            break
    return was_any


class SourceTurns:
    """Serves the sources that have deliveries in turn, so that a busy one does not hold back a quiet
    one.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._last = UUID(int=0)

    async def process_next(self, connection: Connection) -> bool:
        """Process the next source with waiting deliveries that no other worker processes. Return whether
        there was one.
        """

        async def process(source_id: UUID) -> bool:
            self._last = source_id
            return await process_source(self._ledger, source_id, self._clock)

        return await rounds.claim_first(connection, NEXT_SOURCES, "webhook source", process, (self._last,))


async def run(
    connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]
) -> None:
    """Process deliveries for ever, next to any other workers. `failed` is called with each failure."""

    turns = SourceTurns(ledger, clock)
    await rounds.run(NAME, connections, turns.process_next, every=POLL_SECONDS, failed=failed)


async def run_removal(ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]) -> None:
    """Remove the content of old deliveries for ever."""
    while True:
        try:
            await deliveries.remove_old_content(ledger.db, clock())
            await remove_old_quiet_alerts(ledger.db, clock())
        except Exception as error:  # any failure: the worker goes on
            failed(NAME, error)
        await asyncio.sleep(REMOVAL_SECONDS)
