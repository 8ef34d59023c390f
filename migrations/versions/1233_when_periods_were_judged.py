"""When each period was judged: figures of a running month stand at that time."""

from alembic import op

revision = "1233"
down_revision = "1230"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table plumbing.judged_period add column judged_at timestamptz")
