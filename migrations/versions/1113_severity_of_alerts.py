"""Severity and newest text of alerts."""

from alembic import op

revision = "1113"
down_revision = "1112"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.incident_alert add column description text")
    for name in ("impact", "urgency", "effect"):
        op.execute(f'alter table fold.incident_alert add column {name} text collate "C"')
