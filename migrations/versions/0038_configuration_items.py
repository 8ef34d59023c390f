"""Configuration items and their relations."""

from migrations import steps

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("cis",))
