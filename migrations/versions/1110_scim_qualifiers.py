"""How the identity provider has qualified what is kept of a person's attributes."""

from migrations import steps

revision = "1110"
down_revision = "1108"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("scim_qualifiers",))
