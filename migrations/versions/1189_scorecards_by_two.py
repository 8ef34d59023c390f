"""Weights of scorecards that two decide, and the year that both talk over."""

from alembic import op

revision = "1189"
down_revision = "1188"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.scorecard_edition add column proposed_by_id uuid")
    op.execute("alter table fold.scorecard_edition add column confirmed_at timestamptz")
    op.execute("alter table fold.scorecard_edition add column confirmed_by_id uuid")
    op.execute('alter table fold.scorecard add column year_score text collate "C"')
    op.execute('alter table fold.scorecard add column year_grounds text collate "C"')
    op.execute('alter table fold.scorecard add column year_plan text collate "C"')
    op.execute("alter table fold.scorecard add column year_judged_by_id uuid")
    op.execute("alter table fold.scorecard add column year_judged_at timestamptz")
    op.execute("alter table fold.scorecard add column outcome_confirmed_at timestamptz")
    op.execute("alter table fold.scorecard add column year_confirmed_at timestamptz")
