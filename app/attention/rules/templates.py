"""Templates of standard changes that are not used before they are approved again."""

from __future__ import annotations

from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, pages_of
from app.common.people import Role
from app.processes.changes.policies.templates import LIFECYCLE

TO_RENEW = """
select t.id, t.key, t.outgrown_at from fold.change_template t
where t.state = 'approved' and t.outgrown_at is not null order by t.outgrown_at, t.key"""


async def to_renew(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the templates that wait for their renewal."""
    conditions = []
    for row in await reader.ledger.db.rows(TO_RENEW):
        cases, desk = pages_of(LIFECYCLE, str(row["id"]))
        conditions.append(
            AttentionCondition(
                code="template_to_renew",
                severity=Severity.missed,
                process=LIFECYCLE.kind,
                parameters={
                    "template": values.text(row["key"]),
                    "age": values.duration((reader.now - row["outgrown_at"]).total_seconds()),
                },
                cases=cases,
                count=1,
                subject=row["key"],
                desk=desk,
                owner=reader.owner_role(Role.change_manager),
                since=row["outgrown_at"],
            )
        )
    return conditions
