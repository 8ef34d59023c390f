"""Groups at the identity provider and what they give, and marks of what persons have from there."""

from migrations import steps

revision = "1086"
down_revision = "1084"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("group_mappings",))
