"""Who had named a voter, who recused themselves, and until when a question is deferred."""

from alembic import op

revision = "1122"
down_revision = "1120"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "alter table fold.vote add column named_by_id uuid, add column defer_until_at timestamptz, "
        "add column recused_at timestamptz"
    )
    op.execute("alter table fold.decision add column deferred_until_at timestamptz")
