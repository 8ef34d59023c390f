"""Changes with their templates, risks and freezes, and what they book; releases and deployments."""

from migrations import steps

revision = "1002"
down_revision = "1001"
branch_labels = None
depends_on = None

AREAS = ("schedule", "changes", "releases", "keys", "calendar", "alterations", "kpis")


def upgrade() -> None:
    steps.run(revision, AREAS)
