"""Onlookers: those who handed a ticket to another team, and read what becomes of it."""

from alembic import op

revision = "1100"
down_revision = "1099"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        """
        create table fold.onlooker (
          id uuid primary key,
          version integer not null,
          changed_at timestamptz not null,
          record text collate "C" not null,
          person_id uuid not null,
          handed_over_at timestamptz not null,
          appended_at timestamptz,
          unique (person_id, record)
        )"""
    )
    op.execute("create index onlooker_record on fold.onlooker (record, handed_over_at, id)")
