"""An examination of evidence: records from before that name documents which are not in the register."""

from __future__ import annotations

from app.cli.doctor.findings import CheckOutcome, success, warning
from app.platform.db import Database

MOST_LISTED = 5
#: The fields that hold numbers of documents in the register, by their tables.
FIELDS = (
    ("improvement_outcome", "document_numbers"),
    ("rollout_step", "evidence_numbers"),
    ("pilot_readiness", "standards"),
    ("release_stage", "document_numbers"),
)
UNKNOWN = """
select distinct named.number from (
{named}
  union all select material_number from fold.training
) named(number) where named.number is not null
  and not exists (select from fold.document_entry e where e.number = named.number)
order by named.number"""
NAMED = "  select unnest({field}) from fold.{table}"


async def examine_evidence(db: Database) -> CheckOutcome:
    """List the numbers of documents that records name as evidence, and that the register does not have."""
    named = "\n  union all\n".join(NAMED.format(table=table, field=field) for table, field in FIELDS)
    numbers = [row["number"] for row in await db.rows(UNKNOWN.format(named=named))]
    if not numbers:
        return success("evidence_ok")
    listed = ", ".join(numbers[:MOST_LISTED]) + (" …" if len(numbers) > MOST_LISTED else "")
    return warning("evidence_unknown", number=len(numbers), listed=listed)
