"""A member of the committee without a part in it grants exceptions from the freeze of a process."""

from alembic import op

revision = "1270"
down_revision = "1261"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "alter table fold.improvement_proposal add column freeze_exception_by_id uuid,"
        " add column freeze_exception_at timestamptz"
    )
    op.execute("alter table fold.process_definition add column freeze_exception_by_id uuid")
