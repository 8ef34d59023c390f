"""The decision to leave out stages of a release."""

from alembic import op

revision = "1211"
down_revision = "1210"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.release add column stages_agreed_at timestamptz")
    op.execute("alter table fold.plan_change add column leave_out_stages boolean")
