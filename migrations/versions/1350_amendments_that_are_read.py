"""Agreements show the change by which they are to be amended to both sides."""

from alembic import op

revision = "1350"
down_revision = "1340"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "alter table fold.sla_reasons add column amendment text, add column amendment_description text"
    )
