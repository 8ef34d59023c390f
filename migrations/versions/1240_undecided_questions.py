"""Questions that were deferred or lapsed: by what a question of the same subject was not decided lately."""

from alembic import op

revision = "1240"
down_revision = "1233"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "create index decision_undecided on fold.decision (closed_at) where outcome in ('deferred', 'lapsed')"
    )
