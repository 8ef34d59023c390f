"""The index of full-text search: by what each record is found."""

from migrations import steps

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STEPS = ("search",)


def upgrade() -> None:
    steps.run(revision, STEPS)
