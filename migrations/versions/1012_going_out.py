"""Deployments outside what may go out, alterations regularised one by one, incidents by their begin."""

from migrations import steps

revision = "1012"
down_revision = "1011"
branch_labels = None
depends_on = None

AREAS = ("going_out",)


def upgrade() -> None:
    steps.run(revision, AREAS)
