"""What the committee is asked about the class, the charter and the plan of an improvement."""

from alembic import op

revision = "1127"
down_revision = "1122"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        """
create table fold.improvement_motion (
  id uuid not null primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  asked_kind text collate "C",
  asked_size text collate "C",
  asked_criteria text[] collate "C",
  asked_size_reason text,
  asked_to_pilot boolean,
  asked_impact text collate "C",
  asked_urgency text collate "C",
  asked_priority text collate "C",
  asked_sponsor_id uuid,
  asked_manager_id uuid,
  asked_member_ids text[] collate "C",
  asked_resources text,
  asked_budget text collate "C",
  asked_currency text collate "C",
  asked_with_plan boolean,
  asked_lacking text,
  appended_at timestamptz
) with (fillfactor = 85)
"""
    )
