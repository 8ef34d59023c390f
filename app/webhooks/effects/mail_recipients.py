"""Further recipients of a mail: those who see its ticket follow it, and the text names all of them.

A mail proves nobody, so nobody sees a ticket because a mail was sent to them, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from app.i18n import translate
from app.kernel.access.visibility import follower
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.ledger import Ledger
from app.kernel.visible_records import acting_caller, is_visible
from app.log.events import kind_of
from app.webhooks.effects.addresses import person_with_address
from app.webhooks.mail.addresses import Address

#: So many recipients of a mail are looked for.
MOST_FOLLOWERS = 20
FOLLOW = "follow"
AUDIENCE = "select audience from log.stream_head where stream = %s"


async def may_act(ledger: Ledger, person: UUID, name: str, action: str) -> bool:
    """Return whether the record of that stream has the action, and the person sees it and does not only look
    on.
    """
    lifecycle: Lifecycle[Any] = ledger.lifecycles[kind_of(name)]
    if action not in lifecycle.by_name:
        return False
    audience = await ledger.db.value(AUDIENCE, (name,))
    caller = (await ledger.directory.callers([person])).get(person)
    return (
        audience is not None
        and caller is not None
        and is_visible(ledger, lifecycle, caller, audience)
        and not acting_caller(ledger, lifecycle, caller, audience).looks_on
    )


async def new_followers(
    ledger: Ledger, name: str, recipients: Sequence[Address], sender: UUID
) -> AsyncIterator[UUID]:
    """Yield the recipients who see the record of that stream and do not follow it yet."""
    for recipient in recipients[:MOST_FOLLOWERS]:
        holder = await person_with_address(ledger, recipient.address)
        if holder is None or not holder.is_active or holder.id == sender:
            continue
        audience = await ledger.db.value(AUDIENCE, (name,))
        if follower(holder.id) not in (audience or ()) and await may_act(ledger, holder.id, name, FOLLOW):
            yield holder.id


def recipients_note(recipients: Sequence[Address], language: str) -> str:
    """Return the line that names the recipients; empty if there are none."""
    named = addresses_as_text(recipients)
    return translate(language, "note", "sent_to_others", {"others": named}) if named else ""


def addresses_as_text(addresses: Sequence[Address]) -> str:
    """Return the addresses as people read them, with their names."""
    return ", ".join(f"{each.name} <{each.address}>" if each.name else each.address for each in addresses)
