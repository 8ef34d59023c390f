"""The shape of what each consumer of the log has written, so that a newer program makes it anew."""

from alembic import op

revision = "1098"
down_revision = "1095"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table log.checkpoint add column shape integer not null default 0")
