"""The sender: every active subscription takes its queue, independently of the others.

One worker sends; it holds an advisory lock, and another takes over when its connection ends. All progress is
saved on that very connection, so a worker without the lock cannot save progress. Unsaved messages are sent
again, in the same order, under the same id.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from app.common.records import from_row
from app.kernel.consumers import polling
from app.kernel.consumers.rules import Clock
from app.kernel.histories.newest import NewestEvents
from app.kernel.ledger import Ledger
from app.log import read
from app.log.follow import RETRY_SECONDS
from app.platform.db import Connection, fetch_rows
from app.platform.outward import TIMEOUT_SECONDS, OutwardClient, OutwardPolicy
from app.platform.shared_connections import SharedConnections
from app.subscriptions import progress as stored
from app.subscriptions.attempts import remove_old
from app.subscriptions.records import Subscription
from app.subscriptions.subscription_queue import Resend, SenderState, SubscriptionQueue

#: The name of the sender's lock, and in reports of failures.
NAME = "subscriptions"
#: How often it is looked which subscriptions there are.
REFRESH_SECONDS = 0.25
#: How often progress is saved.
SAVE_SECONDS = 0.1
#: How often it is looked whether another worker has ended.
POLL_SECONDS = 1.0
REMOVE_SECONDS = 60.0

ACTIVE = "select * from fold.subscription where state = 'active'"
RESENDS = """
select id, subscription_id, low, high from deliveries.resend where subscription_id = any(%s)
order by requested_at, id"""

Failed = Callable[[str, Exception], None]


class Sender:
    """The sender of a worker, on the connection that holds the lock."""

    def __init__(
        self,
        ledger: Ledger,
        connection: Connection,
        clock: Clock,
        *,
        newest: NewestEvents | None = None,
        seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.shared = SenderState(ledger, clock, newest)
        self.queues: dict[UUID, SubscriptionQueue] = {}
        self._connection, self._seconds = connection, seconds
        self._policy = OutwardPolicy.from_settings(ledger.settings)
        self._connection_lock = asyncio.Lock()

    async def refresh(self) -> None:
        """Read which subscriptions are active, and what is to be sent once more. Raises psycopg's errors."""
        async with self._connection_lock:
            rows = await fetch_rows(self._connection, ACTIVE, None)
            active = {row["id"]: from_row(Subscription, row) for row in rows}
            if new := active.keys() - self.queues.keys():
                for subscription_id, progress in (await stored.load(self._connection, new)).items():
                    client = OutwardClient(self._policy, self._seconds)
                    self.queues[subscription_id] = SubscriptionQueue(
                        self.shared, subscription_id, progress, client
                    )
            for row in await fetch_rows(self._connection, RESENDS, (list(active),)):
                self._add_resend(
                    self.queues[row["subscription_id"]], Resend(row["id"], row["low"], row["high"])
                )
        self.shared.active = active
        waiting: Counter[UUID] = Counter()
        for subscription_id, queue in self.queues.items():
            if subscription_id in active and (account := active[subscription_id].person_id) is not None:
                waiting[account] += len(queue.progress.waiting)
        self.shared.slots.waiting = waiting

    def _add_resend(self, queue: SubscriptionQueue, request: Resend) -> None:
        request_ids = {resend.id for resend in queue.resends} | set(queue.finished_resends)
        if request.id not in request_ids:
            queue.resends.append(request)

    async def save(self) -> None:
        """Save the progress of all subscriptions. Raises psycopg's errors: then what was sent since the last
        time is sent again.
        """
        async with self._connection_lock:
            progress = [queue.progress for queue in self.queues.values()]
            finished = [(queue, list(queue.finished_resends)) for queue in self.queues.values()]
            begun = [(r.id, r.low) for queue in self.queues.values() for r in queue.resends]
            changed = [p for p in progress if p.is_changed or p.changed_streams or p.attempts]
            if changed:
                await stored.save(self._connection, changed)
            if begun:
                columns = [list(column) for column in zip(*begun, strict=True)]
                await self._connection.execute(stored.SAVE_RESEND, columns)
            if ids := [request_id for _, request_ids in finished for request_id in request_ids]:
                await self._connection.execute(stored.DELETE_RESEND, (ids,))
            for queue, request_ids in finished:
                queue.finished_resends = [each for each in queue.finished_resends if each not in request_ids]

    async def send_due(self) -> bool:
        """Have every subscription take one turn, and save. Return whether more may be due at once. Raises
        DatabaseGone, psycopg's errors.
        """
        await self.refresh()
        self.shared.head = await read.head(self.shared.ledger.db)
        busy = await asyncio.gather(*(queue.send_some() for queue in self.queues.values()))
        await self.save()
        return any(busy)

    async def run(self, failed: Failed) -> None:
        """Send for ever. Raises what goes wrong with the connection that holds the lock."""
        begun: dict[UUID, asyncio.Task[None]] = {}
        with contextlib.ExitStack() as following:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._save_for_ever())
                tasks.create_task(self._remove_for_ever(failed))
                while True:
                    await self._begin_and_end(begun, tasks, following, failed)
                    await asyncio.sleep(REFRESH_SECONDS)

    async def _begin_and_end(
        self,
        begun: dict[UUID, asyncio.Task[None]],
        tasks: asyncio.TaskGroup,
        following: contextlib.ExitStack,
        failed: Failed,
    ) -> None:
        """Begin the queues of new subscriptions, and end those of inactive ones. Without subscriptions the
        newest events are not needed.
        """
        await self.refresh()
        if self.queues and not begun:
            assert self.shared.newest is not None, "whoever sends for ever follows the newest events"
            following.enter_context(self.shared.newest.followed())
        for subscription_id, queue in list(self.queues.items()):
            if subscription_id not in begun:
                begun[subscription_id] = tasks.create_task(self._send_for_ever(queue, failed))
        for subscription_id in self.queues.keys() - self.shared.active.keys():
            await self._end(subscription_id, begun.pop(subscription_id))
        if not begun:
            following.close()

    async def _end(self, subscription_id: UUID, task: asyncio.Task[None]) -> None:
        """End the queue of a subscription that is not active any more."""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.save()
        await self.queues.pop(subscription_id).client.close()

    async def _send_for_ever(self, queue: SubscriptionQueue, failed: Failed) -> None:
        newest = self.shared.newest
        assert newest is not None, "whoever sends for ever follows the newest events"
        while True:
            signal = newest.next_signal()
            try:
                self.shared.head = newest.position
                busy = await queue.send_some()
            except Exception as error:  # any failure: later events are still to be sent
                failed(NAME, error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await (asyncio.sleep(0) if busy else signal.wait())

    async def _save_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await self.save()

    async def _remove_for_ever(self, failed: Failed) -> None:
        while True:
            try:
                await remove_old(self.shared.ledger.db, self.shared.clock())
            except Exception as error:  # any failure: they are removed later
                failed(NAME, error)
            await asyncio.sleep(REMOVE_SECONDS)

    async def close(self) -> None:
        """Close all connections to receivers."""
        await asyncio.gather(
            *(queue.client.close() for queue in self.queues.values()), return_exceptions=True
        )


@contextlib.asynccontextmanager
async def open_sender(
    ledger: Ledger, connection: Connection, clock: Clock, **options: Any
) -> AsyncIterator[Sender]:
    """Open a sender on a connection that holds the lock, until the block ends."""
    sender = Sender(ledger, connection, clock, **options)
    try:
        yield sender
    finally:
        await sender.close()


async def run(connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Failed) -> None:
    """Send for ever, or wait until no other worker does. `failed` is called with each failure."""
    while True:
        try:
            async with connections.acquire() as connection, polling.locked(connection, NAME) as is_ours:
                if is_ours:
                    newest = NewestEvents(ledger)
                    async with open_sender(ledger, connection, clock, newest=newest) as sender:
                        await sender.run(failed)
        except Exception as error:  # after any failure it continues with the stored state
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # A task cancelled in the middle of a statement has lost connection and lock.
                raise asyncio.CancelledError from error
            failed(NAME, error)
        await asyncio.sleep(POLL_SECONDS)
