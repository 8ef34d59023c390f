"""Process audits, findings and their points."""

from migrations import steps

revision = "1030"
down_revision = "1029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("audits",))
