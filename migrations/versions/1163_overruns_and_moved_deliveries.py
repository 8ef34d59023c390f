"""What exceeds the plan of a project, and a delivery that was moved."""

from alembic import op

revision = "1163"
down_revision = "1162"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.improvement_project add column overrun text collate "C"')
    op.execute("alter table fold.request_solution_approval add column moved_from_at timestamptz")
