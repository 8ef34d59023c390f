"""Rates by the hour, budgets, work, costs, ratings, complaints."""

from migrations import steps

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STEPS = ("costs",)


def upgrade() -> None:
    steps.run(revision, STEPS)
