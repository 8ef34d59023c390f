"""Reviews and acceptances that do not count, since people objected to having attended."""

from alembic import op

revision = "1261"
down_revision = "1260"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.improvement_plan_review add column void_at timestamptz")
    op.execute("alter table fold.improvement_assessment add column void_at timestamptz")
    op.execute("alter table fold.acceptance add column void_at timestamptz")
