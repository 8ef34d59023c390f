"""Awards."""

from alembic import op

revision = "1034"
down_revision = "1033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table fold.recognition (
      id uuid primary key,
      version integer not null,
      changed_at timestamptz not null,
      appended_at timestamptz,
      number text collate "C" not null unique,
      state text collate "C" not null,
      kind text collate "C" not null,
      reason text not null,
      person_id uuid,
      team_id uuid,
      public boolean not null,
      given_by_id uuid not null,
      given_at timestamptz not null
    )""")
    op.execute("create index recognition_given on fold.recognition (given_at desc, id desc)")
    op.execute("create index recognition_person on fold.recognition (person_id, given_at desc, id desc)")
    op.execute("create index recognition_team on fold.recognition (team_id, given_at desc, id desc)")
    op.execute("create index recognition_giver on fold.recognition (given_by_id, given_at desc, id desc)")
