"""An index of the open rollout steps of a person, which the list of their work reads."""

from alembic import op

revision = "1224"
down_revision = "1218"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "create index rollout_step_owner on fold.rollout_step (owner_id, due_at, id) "
        "where completed_at is null"
    )
