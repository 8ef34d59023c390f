"""A function by which the service forgets the position of a relay, and of no other consumer."""

from alembic import op

revision = "1200"
down_revision = "1199"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        """
        create function log.forget_relay(relay text) returns bigint
        language sql security definer set search_path = pg_catalog, pg_temp as $$
            delete from log.checkpoint where consumer = relay and consumer like 'relay:%' returning position
        $$
        """
    )
    op.execute("revoke all on function log.forget_relay(text) from public")
