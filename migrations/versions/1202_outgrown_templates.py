"""Whether a template of standard changes must be approved again, and why."""

from alembic import op

revision = "1202"
down_revision = "1201"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        """
        alter table fold.change_template
          add column outgrown_at timestamptz, add column outgrown_because text collate "C",
          add column renewed_at timestamptz
        """
    )
