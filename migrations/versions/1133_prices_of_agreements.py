"""Prices and gaps of agreements, effects on the price, and files of documents that a party signed."""

from alembic import op

revision = "1133"
down_revision = "1132"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        """create table fold.sla_price (
             id uuid primary key,
             version integer not null,
             changed_at timestamptz not null,
             record text collate "C" not null,
             price_amount text collate "C",
             price_currency text collate "C",
             price_period text collate "C",
             appended_at timestamptz
           ) with (fillfactor = 85)"""
    )
    op.execute(
        """alter table fold.sla_reasons
             add column effect_on_price text,
             add column gap_since_at timestamptz"""
    )
    op.execute("alter table fold.sla_consent add column attachment_id uuid")
