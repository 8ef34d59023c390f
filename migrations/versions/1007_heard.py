"""What is heard again of a tool; what sources say of alerts that flap and of mails that programs send."""

from migrations import steps

revision = "1007"
down_revision = "1006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("webhooks",))
