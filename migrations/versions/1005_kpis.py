"""What the KPIs of the catalogue ask for."""

from migrations import steps

revision = "1005"
down_revision = "1004"
branch_labels = None
depends_on = None

AREAS = ("definitions", "knowledge", "signals", "effects")


def upgrade() -> None:
    steps.run(revision, AREAS)
