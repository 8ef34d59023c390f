"""The mail of a requester that a notice answers, so that mail programs show both in one thread."""

from __future__ import annotations

import re
from email.parser import BytesHeaderParser
from uuid import UUID

from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of

#: What opened the incident of a requester, if that was a mail whose content is still stored.
OPENED_BY = """
select d.sealed from log.event e
join fold.webhook_source s on e.source = 'webhook:' || s.key and s.adapter = 'mail'
join plumbing.webhook_delivery d on d.source_id = s.id and d.delivery_key = e.source_ref
where e.stream = %(about)s and e.version = 1 and d.sealed is not null
  and exists (select from fold.incident i where i.id = %(id)s and i.requester_id = %(person)s)"""
#: The head of a mail is hardly longer; an id behind that is not looked for.
LARGEST_HEAD = 262_144
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,300}>")


async def answered_mail(ledger: Ledger, about: str, person: UUID) -> str | None:
    """Return the Message-ID of the mail by which the person opened the incident `about`; None if it was not
    opened so, is not theirs, or the mail is not stored any more.
    """
    if kind_of(about) != "incident":
        return None
    parameters = {"about": about, "id": id_of(about), "person": person}
    sealed = await ledger.db.value(OPENED_BY, parameters)
    if sealed is None:
        return None
    # The delivery's headers stand in the first line; the mail follows.
    _, _, mail = ledger.vault.decrypt_delivery(bytes(sealed)).partition(b"\n")
    message_id = str(BytesHeaderParser().parsebytes(mail[:LARGEST_HEAD]).get("message-id", "")).strip()
    return message_id if _ID.fullmatch(message_id) else None
