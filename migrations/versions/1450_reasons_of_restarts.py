"""A restart of the limits of a KPI has a reason."""

from alembic import op

revision = "1450"
down_revision = "1443"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.kpi_rebase add column reason text")
