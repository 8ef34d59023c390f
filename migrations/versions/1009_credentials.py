"""Credentials: a session ends with the secret of the key that opened it."""

from migrations import steps

revision = "1009"
down_revision = "1008"
branch_labels = None
depends_on = None

AREAS = ("sessions",)


def upgrade() -> None:
    steps.run(revision, AREAS)
