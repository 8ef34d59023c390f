"""Teams of rollouts, and the evidence of their last steps."""

from alembic import op

revision = "1162"
down_revision = "1161"
branch_labels = None
depends_on = None

ADDS_ONLY = True

TEXTS = (
    *("follow_up_shown", "coaching_shown", "training_shown", "audit_shown", "assessment_shown"),
    *("scoring_shown", "reward_shown", "behaviour_shown", "performance_shown", "it_shown"),
)


def upgrade() -> None:
    op.execute('alter table fold.improvement_rollout add column concerned_team_ids text[] collate "C"')
    for name in TEXTS:
        op.execute(f'alter table fold.rollout_step add column {name} text collate "C"')
