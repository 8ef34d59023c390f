"""Closed books, and who is yet to sit the examination of a rollout."""

from alembic import op

revision = "1164"
down_revision = "1163"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.examination_result add column closed_book boolean")
    op.execute(
        """create table fold.rollout_sitting (
             id uuid primary key,
             version integer not null,
             changed_at timestamptz not null,
             record text collate "C" not null,
             person_id uuid,
             due_at timestamptz not null,
             listed_by_id uuid,
             listed_at timestamptz not null,
             appended_at timestamptz
           ) with (fillfactor = 85)"""
    )
    op.execute("create index rollout_sitting_record on fold.rollout_sitting (record, listed_at, id)")
