"""The format of subscriptions that write to a tool: each event brings the ticket there up to the state
here.

It is the state that is written, not the event: the tool is asked first, and what has changed there is taken
over before the rest is written. So an event that comes twice, late, or after a crash writes nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.children import Visibility
from app.kernel.actions.refusals import Refusal
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of
from app.log.writer import ConcurrencyConflict, ConstraintViolation
from app.platform.outward import Answer, OutwardClient
from app.processes.incidents.lifecycle import LIFECYCLE
from app.subscriptions.formats import FORMATS
from app.subscriptions.formats.message import Delivered, EventMessage, MessageFormat, SubscriptionTarget
from app.subscriptions.records import DeliveryFormat, Subscription
from app.subscriptions.standing import note_refusal
from app.subscriptions.testing import TEST_TYPE
from app.ticketing.records import Comment
from app.webhooks.sources.lookup import find_source_by_key
from app.webhooks.sources.records import WebhookSource
from app.webhooks.two_way.pending_writes import Writes
from app.webhooks.write_back.queries import COMMENTS, REFERENCE_OF, REFUSED_BEFORE, REPORTED_SINCE
from app.webhooks.write_back.templates import CompiledTemplate, template_of
from app.webhooks.write_back.tickets import TicketSync
from app.webhooks.write_back.tool_client import RequestRefused, ToolClient, settings_of

#: The answer of an attempt that could ask nothing.
EMPTY_ANSWER = Answer(0, {}, b"")


class ToolFormat(MessageFormat):
    """Requests of a tool's own interface."""

    ends_at_wish = False

    async def deliver(
        self, client: OutwardClient, target: SubscriptionTarget, message: EventMessage, now: datetime
    ) -> Delivered | None:
        """Bring the event's ticket at the tool up to date; None: the tool needs to know nothing of it. Raises
        RequestFailed, UnusableAddress, DatabaseGone.
        """
        source_key = target.subscription.source or ""
        source = await find_source_by_key(target.ledger.db, source_key)
        template = None if source is None else _template(source, target.subscription)
        if source is None or template is None:
            return Delivered(EMPTY_ANSWER, 0, "unknown_source")
        tool = ToolClient(client, target, template, now)
        writes = Writes(target.ledger.db, source_key)
        event = message.content["event"]
        if message.type != TEST_TYPE and not await _concerns(target, writes, event):
            return None
        try:
            await _ask_account(tool, writes)
            if message.type == TEST_TYPE:
                await tool.send_request(tool.template.template.place)
            else:
                sync = await TicketSync.prepare(target.ledger, source, tool, writes, event["stream"])
                if not await self._write(sync, event):
                    return None
        except RequestRefused as failed:
            if failed.is_definite and failed.pause is None and message.type != TEST_TYPE:
                await _tell_once(target, event, failed.code, now)
            return Delivered(failed.answer, tool.size, failed.code, failed.pause, tool.refusal_text() or None)
        except (Refusal, ConcurrencyConflict, ConstraintViolation):
            return Delivered(tool.last, tool.size, "others_keep_changing_it")
        return Delivered(tool.last, tool.size, None, detail="; ".join(tool.refused_fields) or None)

    async def _write(self, sync: TicketSync, event: Mapping[str, Any]) -> bool:
        """Write what the event is about. Return whether the tool knows the ticket."""
        if not await sync.open(is_new=event["version"] == 1):
            return False
        await sync.bring_up_to_date()
        if event["source"] != sync.channel:
            for comment, text in await _comments_of(sync.ledger, event):
                if text is None:
                    await sync.withdraw_comment(comment)
                else:
                    await sync.write_comment(comment, text)
        return True


async def _concerns(target: SubscriptionTarget, writes: Writes, event: Mapping[str, Any]) -> bool:
    """Return whether the tool may have to know of the event: not of what came from there itself."""
    stream, subscription = event["stream"], target.subscription
    if kind_of(stream) != LIFECYCLE.kind:
        return False
    if event["source"] == f"webhook:{subscription.source}":
        return (await writes.find_write(stream)).unsure_at is not None
    reference = await target.ledger.db.row(REFERENCE_OF, (stream, subscription.source))
    if reference is not None or not subscription.opens_tickets:
        return reference is not None
    # Older records are not opened at the tool all at once.
    return bool(await target.ledger.db.value(REPORTED_SINCE, (stream, subscription.id)))


def _template(source: WebhookSource, subscription: Subscription) -> CompiledTemplate | None:
    """Return how the source's tool is written to; None: it is not, or its edition is unknown."""
    try:
        return template_of(str(source.adapter), settings_of(subscription).get("edition"))
    except KeyError:
        return None


async def _ask_account(tool: ToolClient, writes: Writes) -> None:
    """Ask which account the tool knows us by, the first time and once its secret has changed."""
    subscription = tool.target.subscription
    known_account = _ASKED.get(subscription.id)
    if known_account is None or known_account[0] != subscription.version:
        call = tool.template.template.account
        account = str(tool.value(call.account, answer=await tool.send_request(call)))
        await writes.add_account(account, tool.now)
        known_account = _ASKED[subscription.id] = (subscription.version, account)
    tool.variables["account"] = known_account[1]


#: By subscription: its version when its account was asked for, and the account.
_ASKED: dict[UUID, tuple[int, str]] = {}


async def _tell_once(target: SubscriptionTarget, event: Mapping[str, Any], code: str, now: datetime) -> None:
    """Tell whose subscription it is, at the first attempt at the event that is refused."""
    subscription = target.subscription
    if await target.ledger.db.value(REFUSED_BEFORE, (subscription.id, event["position"])) is None:
        await note_refusal(target.ledger, subscription, event["stream"], code, now)


async def _comments_of(ledger: Ledger, event: Mapping[str, Any]) -> list[tuple[UUID, str | None]]:
    """Return the public comments that the event adds, corrects or withdraws, with their texts as they are
    now; None: it is withdrawn.
    """
    ids = [id_of(key) for key in event["set"] if kind_of(key) == Comment.KIND]
    if not ids:
        return []
    rows = await ledger.db.rows(COMMENTS, (ids,))
    texts = await ledger.vault.texts([row["text"] for row in rows])
    comments: list[tuple[UUID, str | None]] = []
    for row in rows:
        text = None if row["withdrawn_at"] is not None else texts[row["text"]]
        # A text that was erased with its author stays unchanged at the tool.
        is_readable = text is not None or row["withdrawn_at"] is not None
        if row["visibility"] == Visibility.public and is_readable:
            comments.append((row["id"], text))
    return comments


def add() -> None:
    """Add the format to those of subscriptions, which know no tools."""
    FORMATS[DeliveryFormat.tool] = ToolFormat()
