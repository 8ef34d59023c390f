"""Tags and custom fields of a tool's tickets: what the tool changes is taken over, what people change here
stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.custom import FOR_STAFF, PUBLIC, CustomField, FieldState
from app.common.people import Caller, Role, RoleGrant
from app.kernel.access.reads import load
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.custom import InvalidCustomValue, parse_query_value
from app.kernel.actions.made_fit import Alteration
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of, kind_of
from app.log.ids import uuid7
from app.webhooks.effects.mirrored.tags import share_labels, take_tags
from app.webhooks.intake.deliveries import DeliveryEffect
from app.webhooks.mapping.updates import TicketUpdate
from app.webhooks.two_way.pending_writes import Writes


async def take_tags_and_values(
    ledger: Ledger,
    channel: str,
    account: UUID,
    effect: DeliveryEffect,
    news: TicketUpdate,
    now: datetime,
    *,
    writes: Writes | None,
) -> DeliveryEffect:
    """Take over tags and custom fields, unless newer news of the ticket is known. `writes`: those to the
    tool; None if it is not written to. Return the effect of the delivery, with a mark if a value does not
    fit its field. Raises a Refusal, or DatabaseGone.
    """
    ticket = effect.record
    if ticket is None or (news.tags is None and not news.custom):
        return effect
    events = [event for event in await read.stream_events(ledger.db, ticket) if event.source == channel]
    if any("observed" in event.data and event.occurred_at > news.occurred_at for event in events):
        return effect
    if writes is not None:
        await share_labels(ledger, channel, account, ticket, news, writes=writes, now=now)
    elif news.tags is not None:
        await take_tags(ledger, channel, account, ticket, news.tags, events=events, now=now)
    if not news.custom or await take_custom_values(
        ledger, channel, account, ticket, news, events=events, now=now
    ):
        return effect
    return replace(effect, altered={**(effect.altered or {}), "custom": [Alteration.left_out.value]})


async def take_custom_values(
    ledger: Ledger,
    channel: str,
    account: UUID,
    ticket: str,
    news: TicketUpdate,
    *,
    events: Sequence[Recorded],
    now: datetime,
) -> bool:
    """Set the custom fields that the tool has changed since it last sent them; `events` are those of the
    source about the ticket. Return whether all could be set. Raises a Refusal, or DatabaseGone.
    """
    lifecycle = ledger.lifecycles[kind_of(ticket)]
    fields = await ledger.directory.custom_fields(lifecycle.kind, news.custom)
    loaded = await load(ledger.db, lifecycle, str(id_of(ticket)))
    assert loaded is not None, "it was just written"
    values: dict[str, Any] = {}
    fits = True
    for key, text in news.custom.items():
        field = fields[key].field if key in fields else None
        if field is None or field.state is not FieldState.active:
            fits = False
            continue
        try:
            value = None if text is None else parse_query_value(field, text)
        except InvalidCustomValue:
            fits = False
            continue
        held_value = (getattr(loaded.record, field.column) or {}).get(key)
        if value != held_value and (value, True) != _told_last(events, ticket, field):
            values[key] = value
    if not values:
        return fits
    # As an agent would: no field is required of a tool.
    roles = (RoleGrant(Role.integration), RoleGrant(Role.agent))
    caller = Caller(actor=f"integration:{account}", person_id=account, roles=roles)
    metadata = CommandMetadata(caller=caller, now=now, correlation_id=str(uuid7()), source=channel)
    row = lifecycle["edit"]
    body = row.body.model_validate({"custom": values})
    try:
        await perform(ledger, Command(lifecycle, row, str(id_of(ticket)), body, metadata))
    except WrongValue:
        return False
    return fits


def _told_last(events: Sequence[Recorded], ticket: str, field: CustomField) -> tuple[Any, bool]:
    """Return the value that the tool set last, and whether it has set one."""
    assert field.column in (PUBLIC, FOR_STAFF)
    for event in reversed(events):
        changed: Mapping[str, Any] = event.data["set"].get(ticket, {})
        if field.column in changed and "observed" not in event.data:
            return (changed[field.column] or {}).get(str(field.key)), True
    return None, False
