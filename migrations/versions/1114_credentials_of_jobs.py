"""Credentials that jobs and imports were asked for with."""

from alembic import op

revision = "1114"
down_revision = "1113"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table plumbing.import_run add column key_id uuid")
    for table in ("bulk_job", "import_run"):
        op.execute(f'alter table plumbing.{table} add column key_secret_hash text collate "C"')
        op.execute(f'alter table plumbing.{table} add column login text collate "C"')
