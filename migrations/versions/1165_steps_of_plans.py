"""State of the steps of annual plans, steps that an adjustment moves, and results against former goals."""

from alembic import op

revision = "1165"
down_revision = "1164"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "alter table fold.improvement_plan_step add column outcome text, "
        "add column done_at timestamptz, add column overdue_at timestamptz"
    )
    op.execute("alter table fold.improvement_plan_review add column steps jsonb")
    op.execute("alter table fold.improvement_plan_adjustment add column steps jsonb")
    op.execute("alter table fold.improvement_plan_target add column result_former jsonb")
