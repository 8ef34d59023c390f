"""Each migration says whether it only adds, so that older programs know whether they can go on."""

from alembic import op

revision = "1080"
down_revision = "1072"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        """
        create table plumbing.schema_change (
          revision text collate "C" primary key,
          adds_only boolean not null
        )"""
    )
