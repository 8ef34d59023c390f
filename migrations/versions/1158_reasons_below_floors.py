"""Reasons for what is less, shorter or sooner than the documents say, which papers print."""

from alembic import op

revision = "1158"
down_revision = "1157"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.rollout_step add column goal_reason text collate "C"')
    op.execute('alter table fold.improvement_pilot add column pilot_length_reason text collate "C"')
    op.execute('alter table fold.training add column pass_mark_reason text collate "C"')
    op.execute('alter table fold.request_inquiry add column short_notice text collate "C"')
