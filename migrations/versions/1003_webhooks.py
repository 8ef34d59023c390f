"""Webhooks and mail in: their sources, their deliveries, and what alerts and addresses are known by."""

from migrations import steps

revision = "1003"
down_revision = "1002"
branch_labels = None
depends_on = None

AREAS = ("webhooks",)


def upgrade() -> None:
    steps.run(revision, AREAS)
