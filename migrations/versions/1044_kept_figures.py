"""Figures as of positions of the log are kept, and one of a person's saved views may be their first page."""

from migrations import steps

revision = "1044"
down_revision = "1041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("kept_figures", "view"))
