"""What a ticket had on both sides when they were compared last (its labels, by the tool's time), and what the
tool has refused to write.
"""

from alembic import op

revision = "1229"
down_revision = "1225"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table deliveries.tool_ticket add column labels text[]")
    op.execute("alter table deliveries.tool_ticket add column labels_at timestamptz")
    op.execute("alter table deliveries.tool_ticket add column refused jsonb")
