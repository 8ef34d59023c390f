"""Whether the effect of an incident is only reported: one report is no outage."""

from alembic import op

revision = "1168"
down_revision = "1167"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.incident add column effect_reported_at timestamptz")
