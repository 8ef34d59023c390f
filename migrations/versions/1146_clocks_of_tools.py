"""The clocks of tools that are written to, and the tool's time of our last write to a ticket."""

from alembic import op

revision = "1146"
down_revision = "1144"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("""
        create table deliveries.tool_clock (
          source text collate "C" primary key,
          ahead interval not null,
          least interval not null,
          most interval not null,
          measured_at timestamptz not null
        )""")
    op.execute("alter table deliveries.tool_ticket add column written_at timestamptz")
