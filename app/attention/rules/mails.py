"""Mails that were not sent: the mail server does not take them, or has refused them."""

from __future__ import annotations

from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader
from app.common.people import Role
from app.notifications.unsent import UNSENT, since

#: More mails than this are not counted.
MOST_COUNTED = 10_000
COUNTED = f"""
select count(*) as mails, min(sent_at) as oldest from (
  select sent_at from ({UNSENT}) as unsent limit {MOST_COUNTED}) as counted"""


async def unsent(reader: AttentionReader) -> list[AttentionCondition]:
    """Return how many mails were not sent."""
    row = await reader.ledger.db.row(COUNTED, since(reader.now))
    if row is None or not row["mails"]:
        return []
    return [
        AttentionCondition(
            code="mails_unsent",
            severity=Severity.stuck,
            process=None,
            parameters={
                "n": values.number(row["mails"]),
                "age": values.duration((reader.now - row["oldest"]).total_seconds()),
            },
            cases="/v1/unsent_mails",
            count=row["mails"],
            desk="/dashboard/mails",
            owner=reader.owner_role(Role.admin),
            since=row["oldest"],
        )
    ]
