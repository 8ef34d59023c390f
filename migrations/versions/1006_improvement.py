"""The improvement programme: plans, suggestions, assessments, improvements, trainings."""

from migrations import steps

revision = "1006"
down_revision = "1005"
branch_labels = None
depends_on = None

AREAS = (
    *("kpi_baselines", "projects", "plans", "suggestions", "assessments", "trainings", "improvements"),
    "kpis",
)


def upgrade() -> None:
    steps.run(revision, AREAS)
