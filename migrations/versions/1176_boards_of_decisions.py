"""Voters who carry a motion by themselves, and how many of them must vote."""

from alembic import op

revision = "1176"
down_revision = "1175"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.vote add column on_board boolean")
    op.execute("alter table fold.decision add column board_quorum integer")
