"""The schema from which everything else follows, a file per area."""

from migrations import steps

revision = "1001"
down_revision = None
branch_labels = None
depends_on = None

AREAS = (
    *("log", "vault", "plumbing", "uploads", "people", "tickets", "assignment", "calendars"),
    *("catalogue", "configuration", "meetings", "incidents", "requests", "problems", "articles"),
    *("notifications", "search", "kpis"),
)


def upgrade() -> None:
    steps.run(revision, AREAS)
