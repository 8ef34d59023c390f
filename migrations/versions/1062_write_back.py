"""Write-back: changes of mirrored tickets, written to the tools that they come from."""

from migrations import steps

revision = "1062"
down_revision = "1061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("write_back",))
