"""The columns that a person has chosen for the list of a kind."""

from alembic import op

revision = "1156"
down_revision = "1154"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "create table plumbing.list_columns ("
        'person_id uuid not null, kind text collate "C" not null, columns text[] not null, '
        "primary key (person_id, kind))"
    )
