"""Integrations: sources that have fallen silent, or with deliveries that failed, and mails that the mail
server does not take or has refused.
"""

from __future__ import annotations

from app.api.listings.filters import WhereClause
from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, pages_of
from app.common.people import Role
from app.i18n import LANGUAGES
from app.notifications.unsent import UNSENT, since
from app.webhooks.sources.lifecycle import LIFECYCLE

#: More failed deliveries of a source, or unsent mails, than this are not counted.
MOST_COUNTED = 10_000
SILENT = """
select r.key, r.title, r.team_id, r.silent_since_at from fold.webhook_source r
where r.state = 'active' and r.silent_since_at is not null and {chosen} order by r.silent_since_at, r.key"""
# By the index webhook_delivery_failed, whose condition it repeats.
FAILED = """
select r.key, r.title, r.team_id, d.failed, d.oldest from fold.webhook_source r
cross join lateral (
  select count(*) as failed, min(received_at) as oldest from (
    select received_at from plumbing.webhook_delivery
    where source_id = r.id and state = 'failed' limit {most}) as failures) d
where d.failed > 0 and {chosen} order by d.oldest, r.key"""
UNSENT_MAILS = f"""
select count(*) as mails, min(sent_at) as oldest from (
  select sent_at from ({UNSENT}) as unsent limit {MOST_COUNTED}) as counted"""


async def silent_sources(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the sources of which nothing has come for much longer than usual."""
    where = WhereClause()
    statement = SILENT.format(chosen=reader.chosen(LIFECYCLE, where))
    conditions = []
    for row in await reader.ledger.db.rows(statement, where.parameters):
        cases, desk = pages_of(LIFECYCLE, row["key"])
        conditions.append(
            AttentionCondition(
                code="source_silent",
                severity=Severity.stuck,
                process=LIFECYCLE.kind,
                parameters={
                    "source": values.named(row["key"], dict.fromkeys(LANGUAGES, str(row["title"])), cases),
                    "age": values.duration((reader.now - row["silent_since_at"]).total_seconds()),
                },
                cases=cases,
                count=1,
                subject=row["key"],
                desk=desk,
                owner=reader.owner_team(row["team_id"]) or reader.owner_role(Role.admin),
                since=row["silent_since_at"],
                folds=True,
            )
        )
    return conditions


async def failed_deliveries(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the sources with deliveries that failed, for those who may see and replay these."""
    where = WhereClause()
    statement = FAILED.format(chosen=reader.chosen(LIFECYCLE, where), most=MOST_COUNTED)
    conditions = []
    for row in await reader.ledger.db.rows(statement, where.parameters):
        record, desk = pages_of(LIFECYCLE, row["key"])
        conditions.append(
            AttentionCondition(
                code="deliveries_failed",
                severity=Severity.stuck,
                process=LIFECYCLE.kind,
                parameters={
                    "n": values.number(row["failed"]),
                    "source": values.named(row["key"], dict.fromkeys(LANGUAGES, str(row["title"])), record),
                    "age": values.duration((reader.now - row["oldest"]).total_seconds()),
                },
                cases=f"{record}/deliveries?state=failed",
                count=row["failed"],
                subject=row["key"],
                desk=desk,
                owner=reader.owner_team(row["team_id"]) or reader.owner_role(Role.admin),
                since=row["oldest"],
                folds=True,
            )
        )
    return conditions


async def unsent_mails(reader: AttentionReader) -> list[AttentionCondition]:
    """Return how many mails were not sent."""
    row = await reader.ledger.db.row(UNSENT_MAILS, since(reader.now))
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
