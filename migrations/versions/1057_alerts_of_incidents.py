"""Alerts beside their incidents, and rules for alerts."""

from migrations import steps

revision = "1057"
down_revision = "1052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("alerts_of_incidents", "alert_rules", "quiet_alerts"))
