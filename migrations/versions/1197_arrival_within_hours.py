"""Whether incidents arrived within the hours of their calendar, beside the share answered in time."""

from alembic import op

revision = "1197"
down_revision = "1196"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table kpi.incident_response_due add column in_hours boolean not null default true")
