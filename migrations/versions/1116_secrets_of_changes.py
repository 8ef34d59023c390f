"""Secrets with which standing things, keys, webhook sources and group mappings were made or changed."""

from alembic import op

revision = "1116"
down_revision = "1115"
branch_labels = None
depends_on = None

ADDS_ONLY = True

TABLES = ("subscription", "deputy", "absence", "absence_calendar", "key", "webhook_source", "group_mapping")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f'alter table fold.{table} add column set_with text[] collate "C"')
