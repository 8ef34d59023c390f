"""Fingerprints of webhook secrets: a source is found by its secret where its tool names no source."""

from alembic import op

revision = "1050"
down_revision = "1048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
alter table fold.webhook_source
  add column secret_fingerprint text, add column previous_secret_fingerprint text""")
    op.execute("create index webhook_source_by_secret on fold.webhook_source (secret_fingerprint)")
    op.execute(
        "create index webhook_source_by_previous_secret on fold.webhook_source (previous_secret_fingerprint)"
    )
