"""The figure of a KPI on which an effect is measured."""

from alembic import op

revision = "1140"
down_revision = "1134"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.kpi_effect add column figure text collate "C"')
    op.execute("alter table fold.kpi_effect add column longer_than bigint")
