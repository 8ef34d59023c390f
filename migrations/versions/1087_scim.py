"""Persons and groups that the identity provider provisions by SCIM."""

from migrations import steps

revision = "1087"
down_revision = "1086"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("scim",))
