"""The log, the records of people and incidents, the keys of personal fields, and the bookkeeping."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STEPS = ("log", "append", "fold", "vault", "plumbing")


def upgrade() -> None:
    # The driver itself takes many statements at once; SQLAlchemy would prepare them as one.
    cursor = op.get_bind().connection.cursor()
    for step in STEPS:
        cursor.execute(Path(__file__).with_name(revision).joinpath(f"{step}.sql").read_text(encoding="utf-8"))
