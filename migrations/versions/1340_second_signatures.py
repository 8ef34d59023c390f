"""Minutes may have a second signature, by which the person who signed first can report to the committee."""

from alembic import op

revision = "1340"
down_revision = "1330"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "alter table fold.meeting"
        " add column countersigned_at timestamptz, add column countersigned_by_id uuid"
    )
