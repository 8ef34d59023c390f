"""${message}"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None

# Whether programs of before go on with it: it adds tables, columns that may be empty, indexes, functions.
ADDS_ONLY = True


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
