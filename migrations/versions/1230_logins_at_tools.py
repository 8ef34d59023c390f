"""Logins of persons at tools, and at which version of a ticket its assignee was compared with the tool's."""

from alembic import op

revision = "1230"
down_revision = "1229"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        """create table fold.tool_login (
             id uuid primary key,
             version integer not null,
             changed_at timestamptz not null,
             record text collate "C" not null,
             person_id uuid not null,
             login text not null,
             set_at timestamptz not null,
             appended_at timestamptz,
             unique (record, person_id)
           )"""
    )
    op.execute("create index tool_login_person on fold.tool_login (person_id)")
    op.execute("alter table deliveries.tool_ticket add column assignee_version integer")
