"""The number of deliveries in a minute that a subscription is limited to."""

from alembic import op

revision = "1147"
down_revision = "1146"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.subscription add column most_per_minute integer")
