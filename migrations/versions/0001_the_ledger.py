"""The log, the records of people and incidents, the keys of personal fields, and the bookkeeping."""

from migrations import steps

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STEPS = ("log", "append", "fold", "vault", "plumbing")


def upgrade() -> None:
    steps.run(revision, STEPS)
