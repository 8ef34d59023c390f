"""Statements about people who did not make them, and reviews that no longer count."""

from alembic import op

revision = "1154"
down_revision = "1153"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        """create table fold.person_statement (
             id uuid primary key,
             version integer not null,
             changed_at timestamptz not null,
             record text collate "C" not null,
             fact text collate "C",
             person_id uuid,
             about_id uuid,
             stated_by_id uuid,
             stated_at timestamptz,
             until_at timestamptz,
             objected_at timestamptz,
             objection text,
             informed_id uuid,
             appended_at timestamptz
           ) with (fillfactor = 85)"""
    )
    op.execute("create index person_statement_record on fold.person_statement (record, stated_at, id)")
    op.execute("alter table fold.sla_review add column void_at timestamptz")
