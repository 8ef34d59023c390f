"""Events that seeds of draws follow from, supervisors of audited processes, and late reviews of changes."""

from alembic import op

revision = "1166"
down_revision = "1165"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.audit_draw add column head_event_id uuid")
    op.execute("alter table fold.audit add column supervisor_id uuid")
    op.execute(
        "alter table fold.process_change add column reviewed_by_id uuid, add column review_late_days integer"
    )
