"""Up-casters of events: what splits rows of old events as tables are split."""

from migrations import steps

revision = "1023"
down_revision = "1022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("move_fields",))
