"""The queue of a subscription: what is due of its deliveries now, a bounded number of events at a time.

Events of one stream go one after the other, those of several streams side by side. A stream whose event
failed waits by itself. When several streams have failed in a row, the receiver is down: then one event at a
time is tried, and nothing else.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.api.records import events as event_output
from app.common.people import Caller
from app.kernel.consumers.rules import Clock
from app.kernel.histories.feed import PositionSpan, SeenEvent
from app.kernel.histories.newest import NewestEvents
from app.kernel.ledger import Ledger
from app.platform.outward import MOST_CONNECTIONS, OutwardClient
from app.subscriptions.accounts import account_of
from app.subscriptions.attempt import AttemptedEvent, AttemptResult, attempt_delivery, message_of, target_of
from app.subscriptions.backoff import RETRY_PERIOD, WARNING_PERIOD, delay_after
from app.subscriptions.formats.subjects import add_records, subject_of
from app.subscriptions.progress import SubscriptionProgress, WaitingStream
from app.subscriptions.queries import AttemptOutcome as Outcome
from app.subscriptions.records import DisabledBecause, Subscription
from app.subscriptions.selection import EVENTS_AT_ONCE, Selected, select_new, select_span
from app.subscriptions.slots import MinuteRate, SharedSlots
from app.subscriptions.standing import note_recovery, note_refusal, stop, warn
from app.subscriptions.templates.render import FAILED

#: Seconds for which selected and rendered messages stay valid; later ones are checked again before they are
#: sent.
FRESH_SECONDS = 0.5


class Superseded(Exception):
    """The subscription has changed, or its account may see other records now: the turn starts again."""


@dataclass(slots=True)
class Resend:
    """A request to send the events after `low`, up to `high`, once more."""

    id: UUID
    low: int
    high: int


@dataclass(slots=True)
class SenderState:
    """The state that all subscriptions of a process share: the log's head, the newest events (None: they are
    read from the database), the subscriptions that are active now, and what they take of the process.
    """

    ledger: Ledger
    clock: Clock
    newest: NewestEvents | None = None
    head: int = 0
    active: dict[UUID, Subscription] = field(default_factory=dict)
    chance: Callable[[], float] = random.random
    slots: SharedSlots = field(default_factory=SharedSlots)


@dataclass(slots=True)
class _Lane:
    """The events of one stream that are sent one after the other; `waits`: the stream has waited.
    `is_resent`: they are sent once more by request.
    """

    stream: str
    events: list[SeenEvent]
    waits: WaitingStream | None = None
    #: Position after the last event that was settled.
    reached: int = 0
    is_stopped: bool = False
    is_resent: bool = False


class SubscriptionQueue:
    """The queue of one subscription: what of the log is still to be sent, and what waits."""

    def __init__(
        self, state: SenderState, subscription_id: UUID, progress: SubscriptionProgress, client: OutwardClient
    ) -> None:
        self.progress, self.client = progress, client
        self.resends: list[Resend] = []
        self.finished_resends: list[UUID] = []
        self._state, self._id = state, subscription_id
        self._ledger = state.ledger
        self._caller: Caller | None = None
        self._subscription: Subscription | None = None
        self._stopped_version = 0
        #: Stream on which the template first failed in this turn, and the template that was reported.
        self._failed_stream: str | None = None
        self._told_template: str | None = None
        self._slots = asyncio.Semaphore(MOST_CONNECTIONS)
        self._rate = MinuteRate()
        #: Streams that wait since the first request to resend was begun, and are tried again by themselves.
        self._held_by_resend: set[str] = set()

    async def send_some(self) -> bool:
        """Send some of what is due. Return whether more may be due at once. Raises DatabaseGone."""
        subscription, now = self._state.active.get(self._id), self._state.clock()
        if subscription is None or subscription.version <= self._stopped_version:
            return False
        caller = await self._account(subscription, now)
        if caller is None:
            await self._stop(subscription, DisabledBecause.ended)
            return False
        progress = self.progress
        self._subscription, self._caller = subscription, caller
        resumed_at = subscription.resumed_at
        if resumed_at is not None and progress.failed_before(resumed_at):
            progress.begin_anew(max(now, resumed_at))
        if self._is_held:
            return False
        try:
            if progress.is_outage:
                return await self._probe(subscription, caller, now)
            return await self._send(subscription, caller, now)
        except Superseded:
            return True

    async def _send(self, subscription: Subscription, caller: Caller, now: datetime) -> bool:
        """Send what is due of the streams that wait, and the next new events."""
        progress, old = self.progress, self.progress.position
        due = [stream for stream, waiting in progress.waiting.items() if waiting.due_at <= now]
        lanes = {}
        for stream in sorted(due, key=lambda name: progress.waiting[name].due_at)[:MOST_CONNECTIONS]:
            waiting = progress.waiting[stream]
            selected = await self._of_stream(stream, PositionSpan(waiting.position - 1, old))
            lanes[stream] = _Lane(stream, list(selected.events), waiting, selected.position)
        new = self._within_room(await self._select_new(subscription, caller), caller)
        first_skipped: dict[str, int] = {}
        for event in new.events:
            stream = event.event.stream
            if stream in progress.waiting:
                first_skipped.setdefault(stream, event.event.position)
                continue
            lanes.setdefault(stream, _Lane(stream, [], None, new.position)).events.append(event)
        assert caller.person_id is not None
        with self._state.slots.tried(caller.person_id, len(lanes.keys() - progress.waiting.keys())):
            await self._send_lanes(list(lanes.values()))
        for lane in lanes.values():
            if lane.waits is not None and not lane.is_stopped:
                self._end_waiting(lane, old, first_skipped.get(lane.stream), now)
        progress.advance_to(new.position)
        busy = new.has_more or any(waiting.due_at <= now for waiting in progress.waiting.values())
        if not busy and self.resends and not progress.is_outage:
            is_going_on = await self._resend(subscription, caller)
            now = self._state.clock()
            busy = is_going_on or any(waiting.due_at <= now for waiting in progress.waiting.values())
        await self._judge(subscription)
        return busy

    def _reading(self, account: UUID | None) -> AbstractAsyncContextManager[None]:
        """Take a slot for statements of that account's subscriptions."""
        assert account is not None, "a subscription belongs to an account"
        return self._state.slots.reads.slot(account)

    def _to_host(self) -> AbstractAsyncContextManager[None]:
        """Take a slot for deliveries to the subscription's host."""
        subscription = self._subscription
        assert subscription is not None
        assert subscription.person_id is not None
        return self._state.slots.to_host(subscription.origin, subscription.person_id)

    async def _account(self, subscription: Subscription, now: datetime) -> Caller | None:
        async with self._reading(subscription.person_id):
            return await account_of(self._ledger, subscription, now)

    async def _select_new(self, subscription: Subscription, caller: Caller) -> Selected:
        state, after = self._state, self.progress.position
        async with self._reading(caller.person_id):
            return await select_new(self._ledger, state.newest, subscription, caller, after, state.head)

    def _within_room(self, new: Selected, caller: Caller) -> Selected:
        """Return the first of these events, of as many streams as may come to wait for the account: the
        others stay in the log until there is room.
        """
        assert caller.person_id is not None
        room, streams = self._state.slots.room(caller.person_id), set(self.progress.waiting)
        most = len(streams) + room
        for n, event in enumerate(new.events):
            streams.add(event.event.stream)
            if len(streams) > most:
                return Selected(new.events[:n], event.event.position - 1, has_more=False)
        return new

    def _end_waiting(self, lane: _Lane, old: int, skipped: int | None, now: datetime) -> None:
        """Note that all events of a stream that has waited are settled, as far as they were selected."""
        waits = lane.waits
        assert waits is not None
        following = lane.reached + 1 if lane.reached < old else skipped
        if following is None:
            self.progress.release(lane.stream)
        else:
            self.progress.wait(lane.stream, WaitingStream(following, 0, now, now))

    async def _probe(self, subscription: Subscription, caller: Caller, now: datetime) -> bool:
        """Try one event, of a stream that does not wait if there is one: what waits may be the fault."""
        progress = self.progress
        new = await self._select_new(subscription, caller)
        fresh = next((event for event in new.events if event.event.stream not in progress.waiting), None)
        assert caller.person_id is not None
        # Without room for another stream that waits, one that waits already is tried.
        if fresh is not None and (self._state.slots.room(caller.person_id) or not progress.waiting):
            lane = _Lane(fresh.event.stream, [fresh], None, fresh.event.position)
            reached = fresh.event.position
        else:
            if fresh is None:
                progress.advance_to(new.position)
            stream = min(progress.waiting, key=lambda name: progress.waiting[name].due_at, default=None)
            if stream is None:
                progress.begin_anew(now)
                return True
            waiting, reached = progress.waiting[stream], progress.position
            selected = await self._of_stream(stream, PositionSpan(waiting.position - 1, reached), 1)
            lane = _Lane(stream, list(selected.events), waiting, selected.position)
        failing_since, probes = progress.failing_since, progress.probes
        await self._send_lanes([lane])
        if lane.is_stopped:
            progress.probes = probes + 1
            pause = delay_after(progress.probes + 1, self._state.chance())
            progress.due_at = max(progress.due_at or now, now + pause)
            progress.is_changed = True
        elif lane.waits is not None:
            self._end_waiting(lane, progress.position, None, now)
        if lane.waits is None:
            progress.advance_to(reached)
        await self._judge(subscription)
        return failing_since is not None and progress.failing_since is None

    async def _of_stream(self, stream: str, span: PositionSpan, limit: int = 50) -> Selected:
        return await self._of_streams((stream,), span, limit)

    async def _of_streams(
        self, streams: Collection[str], span: PositionSpan, limit: int = EVENTS_AT_ONCE
    ) -> Selected:
        assert self._subscription is not None
        assert self._caller is not None
        async with self._reading(self._caller.person_id):
            return await select_span(self._ledger, self._subscription, self._caller, span, streams, limit)

    async def _render_events(self, events: Sequence[SeenEvent]) -> list[dict[str, Any]]:
        assert self._caller is not None
        async with self._reading(self._caller.person_id):
            contents = await event_output.render_each(self._ledger, events, for_receivers=True)
            return await add_records(self._ledger, events, contents)

    async def _rendered(self, events: Sequence[SeenEvent]) -> _Batch:
        batch = _Batch(self._ledger, self._of_streams, self._render_events)
        await batch.render(events)
        return batch

    async def _send_lanes(self, lanes: Sequence[_Lane]) -> None:
        """Send the events of each lane one after the other, the lanes side by side."""
        batch = await self._rendered([event for lane in lanes for event in lane.events])
        outcomes = await asyncio.gather(
            *(self._send_lane(lane, batch) for lane in lanes), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _send_lane(self, lane: _Lane, batch: _Batch) -> None:
        async with self._slots, self._to_host():
            for event in lane.events:
                if self._is_held:
                    self._hold(lane, event, None)
                    return
                is_repeated = lane.is_resent or (lane.waits is not None and event is lane.events[0])
                result = await self._attempt(event, batch, is_repeated=is_repeated)
                if result is not None and not self._record_result(lane, event, result):
                    return

    @property
    def _is_held(self) -> bool:
        """Return whether nothing is to be sent now, since the receiver is down or has asked for a pause."""
        now, due_at = self._state.clock(), self.progress.due_at
        most = None if self._subscription is None else self._subscription.most_per_minute
        return (due_at is not None and now < due_at) or self._rate.is_reached(most, now)

    async def _attempt(self, event: SeenEvent, batch: _Batch, *, is_repeated: bool) -> AttemptResult | None:
        """Try to deliver the event; None: its account does not see it any more. Raises Superseded,
        DatabaseGone.
        """
        now = self._state.clock()
        subscription = self._state.active.get(self._id)
        if (
            subscription is None
            or self._subscription is None
            or subscription.version != self._subscription.version
        ):
            raise Superseded
        if await self._account(subscription, now) != self._caller:
            raise Superseded
        content = await batch.content(event.event.position)
        if content is None:
            return None
        subject = subject_of(event, content)
        message = message_of(subscription.id, str(event.event.id), content, subject)
        attempted = AttemptedEvent(event.event.position, event.event.stream, event.event.type)
        target = target_of(self._ledger, subscription, now, self._state.clock)
        self._rate.note(now)
        result = await attempt_delivery(
            self.client, subscription, target, attempted, message, now, is_repeated=is_repeated
        )
        if result is not None and result.disabled_because is not None:
            self.progress.attempts.append(result.attempt)
            await self._stop(subscription, result.disabled_because)
            raise Superseded
        return result

    def _record_result(self, lane: _Lane, event: SeenEvent, result: AttemptResult) -> bool:
        """Note what came of an attempt. Return whether the lane goes on with its next event."""
        progress, now = self.progress, self._state.clock()
        if result.needs_no_retry:
            progress.attempts.append(result.attempt)
            self._note_settled(lane.stream, result)
            if lane.is_resent:
                self._free(event)
            elif lane.waits is not None:
                progress.wait(lane.stream, WaitingStream(event.event.position + 1, 0, now, now))
            return True
        since = now if lane.waits is None or event is not lane.events[0] else lane.waits.failing_since
        progress.failed(lane.stream, now)
        # The receiver as a whole is judged later.
        others_succeed = progress.failing_since is not None and now - progress.failing_since < RETRY_PERIOD
        if now - since >= RETRY_PERIOD and others_succeed:
            progress.attempts.append(replace(result.attempt, outcome=Outcome.given_up))
            progress.wait(lane.stream, WaitingStream(event.event.position + 1, 0, now, now))
            return True
        progress.attempts.append(result.attempt)
        self._hold(lane, event, result)
        return False

    def _note_settled(self, stream: str, result: AttemptResult) -> None:
        """Note that no attempt at an event follows. A failed template is not a failure of the receiver."""
        if result.is_answered:
            self.progress.succeeded()
        else:
            self._failed_stream = self._failed_stream or stream

    def _hold(self, lane: _Lane, event: SeenEvent, result: AttemptResult | None) -> None:
        """Have the lane's stream wait from that event on, after the result of an attempt (None: no attempt
        was made).
        """
        progress, now = self.progress, self._state.clock()
        lane.is_stopped = True
        before = lane.waits if lane.waits is not None and event is lane.events[0] else None
        attempts = (0 if before is None else before.attempts) + (0 if result is None else 1)
        due_at = now if result is None else now + delay_after(attempts, self._state.chance())
        if result is not None and result.pause is not None:
            due_at = max(due_at, now + result.pause)
            progress.due_at = max(progress.due_at or now, now + result.pause)
            progress.is_changed = True
        if progress.is_outage and progress.due_at is None:
            progress.due_at, progress.is_changed = now + delay_after(1, self._state.chance()), True
        since = now if before is None else before.failing_since
        if lane.is_resent:
            self._held_by_resend.add(lane.stream)
            waiting = progress.waiting.get(lane.stream)
            if waiting is not None and waiting.position <= event.event.position:
                return
        progress.wait(lane.stream, WaitingStream(event.event.position, attempts, since, due_at))

    async def _resend(self, subscription: Subscription, caller: Caller) -> bool:
        """Send some events of the first request to send them again. A stream whose event fails waits from
        that event on, as it does the first time. Return whether more may be sent at once.
        """
        request = self.resends[0]
        span = PositionSpan(request.low, min(request.high, self.progress.position))
        async with self._reading(caller.person_id):
            selected = await select_span(self._ledger, subscription, caller, span)
        fitting = self._within_room(selected, caller)
        lanes: dict[str, _Lane] = {}
        for event in fitting.events:
            stream = event.event.stream
            if stream not in self._held_by_resend:
                lanes.setdefault(stream, _Lane(stream, [], is_resent=True)).events.append(event)
        await self._send_lanes(list(lanes.values()))
        is_going_on = fitting.position > request.low
        request.low = max(request.low, fitting.position)
        if len(fitting.events) == len(selected.events) and not selected.has_more:
            self.finished_resends.append(self.resends.pop(0).id)
            self._held_by_resend.clear()
            is_going_on = True
        return is_going_on and bool(self.resends)

    def _free(self, resent: SeenEvent) -> None:
        """Have the stream of an event that was settled by hand wait no longer: its next event is due."""
        stream, now = resent.event.stream, self._state.clock()
        waiting = self.progress.waiting.get(stream)
        if waiting is not None:
            is_next = resent.event.position == waiting.position
            position = waiting.position + 1 if is_next else waiting.position
            self.progress.wait(stream, WaitingStream(position, 0, now, now))

    async def _judge(self, subscription: Subscription) -> None:
        """Tell of a template that fails, once; warn of a receiver that has failed for two days, and stop what
        has failed for three.
        """
        failed_stream, self._failed_stream = self._failed_stream, None
        if failed_stream is not None and self._told_template != subscription.sealed_template:
            self._told_template = subscription.sealed_template
            async with self._reading(subscription.person_id):
                await note_refusal(self._ledger, subscription, failed_stream, FAILED, self._state.clock())
            # It has changed by that: the next turn begins with what it is then, and is not cut short by it.
            self._state.active.pop(self._id, None)
        since, now = self.progress.failing_since, self._state.clock()
        if since is None:
            if subscription.failing_since_at is not None:
                async with self._reading(subscription.person_id):
                    await note_recovery(self._ledger, subscription, now)
        elif now - since >= RETRY_PERIOD:
            await self._stop(subscription, DisabledBecause.failing)
        elif now - since >= WARNING_PERIOD and subscription.failing_since_at is None:
            async with self._reading(subscription.person_id):
                await warn(self._ledger, subscription, since, now)

    async def _stop(self, subscription: Subscription, because: DisabledBecause) -> None:
        # Entries of the queue that were read before are no longer sent to it.
        self._stopped_version = subscription.version
        self._state.active.pop(self._id, None)
        async with self._reading(subscription.person_id):
            await stop(self._ledger, subscription, because, self._state.clock())


@dataclass(frozen=True, slots=True)
class _RenderedEvent:
    """An event of that stream as it was rendered (None: its account does not see it any more); when, and as
    of which state of persons and keys.
    """

    stream: str
    content: dict[str, Any] | None
    rendered_at: float
    epoch: int


class _Batch:
    """Events that are sent together, as they were rendered, by position.

    For a slow receiver, they are checked again before they are sent: each together with all behind it, since
    checking one alone takes as many statements.
    """

    def __init__(
        self,
        ledger: Ledger,
        select: Callable[[Collection[str], PositionSpan], Awaitable[Selected]],
        render: Callable[[Sequence[SeenEvent]], Awaitable[list[dict[str, Any]]]],
    ) -> None:
        self._ledger, self._select, self._render_events = ledger, select, render
        self._events: dict[int, _RenderedEvent] = {}
        self._renewing = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time

    async def render(self, events: Sequence[SeenEvent]) -> None:
        """Render events that were selected a moment ago. Raises DatabaseGone."""
        await self._render(events, self._clock(), self._ledger.vault.epoch)

    async def content(self, position: int) -> dict[str, Any] | None:
        """Return the event as its account sees it; None if it does not see it any more. Raises
        DatabaseGone.
        """
        if not self._is_fresh(position):
            async with self._renewing:
                # Another lane may have renewed it meanwhile.
                if not self._is_fresh(position):
                    await self._renew_from(position)
        return self._events[position].content

    def _is_fresh(self, position: int) -> bool:
        event = self._events[position]
        return self._clock() - event.rendered_at <= FRESH_SECONDS and event.epoch == self._ledger.vault.epoch

    async def _renew_from(self, position: int) -> None:
        """Look again at the event at that position and, as far as one selection reaches, at those behind."""
        behind = {place: event.stream for place, event in self._events.items() if place >= position}
        now, epoch = self._clock(), self._ledger.vault.epoch
        selected = await self._select(set(behind.values()), PositionSpan(position - 1, max(behind)))
        await self._render([e for e in selected.events if e.event.position in behind], now, epoch)
        visible = {event.event.position for event in selected.events}
        for place, stream in behind.items():
            if place <= selected.position and place not in visible:
                self._events[place] = _RenderedEvent(stream, None, now, epoch)

    async def _render(self, events: Sequence[SeenEvent], now: float, epoch: int) -> None:
        contents = await self._render_events(events)
        for event, content in zip(events, contents, strict=True):
            self._events[event.event.position] = _RenderedEvent(event.event.stream, content, now, epoch)
