"""The index of notices by what they ask: of audits and findings, and to acknowledge documents."""

from migrations import steps

revision = "1040"
down_revision = "1039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("asked",))
