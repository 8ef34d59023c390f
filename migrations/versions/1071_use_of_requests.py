"""Requests as they are used: questions, proposed requirements, supplied titles, trained persons, and plans
that look after what was delivered.
"""

from migrations import steps

revision = "1071"
down_revision = "1067"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("use_of_requests",))
