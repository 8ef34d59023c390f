"""Turns of bulk jobs: when a worker last did some of their lines."""

from alembic import op

revision = "1117"
down_revision = "1116"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table plumbing.bulk_job add column turn_at timestamptz")
    op.execute(
        "create index bulk_job_finished on plumbing.bulk_job (finished_at) where finished_at is not null"
    )
