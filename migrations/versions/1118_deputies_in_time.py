"""When the deputies of a decision's voters change next."""

from alembic import op

revision = "1118"
down_revision = "1117"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.decision add column deputise_at timestamptz")
