"""What the worker notes for `GET /v1/attention`, and what persons have put aside of it."""

from migrations import steps

revision = "1041"
down_revision = "1040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("attention",))
