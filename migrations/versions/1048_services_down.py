"""Find the open outages of services by an index."""

from migrations import steps

revision = "1048"
down_revision = "1047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("services_down",))
