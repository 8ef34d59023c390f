"""Knowledge articles, and for which cases they were used."""

from migrations import steps

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("articles",))
