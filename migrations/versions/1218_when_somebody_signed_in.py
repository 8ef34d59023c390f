"""When the person of a session signed in, so that only a recent sign-in makes keys that outlive it."""

from alembic import op

revision = "1218"
down_revision = "1211"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table plumbing.session add column signed_in_at timestamptz")
