"""The facts that KPIs are computed from: what every case came to, and the stretches that it was open in."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STEPS = ("kpi",)


def upgrade() -> None:
    # The driver itself takes many statements at once; SQLAlchemy would prepare them as one.
    cursor = op.get_bind().connection.cursor()
    for step in STEPS:
        cursor.execute(Path(__file__).with_name(revision).joinpath(f"{step}.sql").read_text(encoding="utf-8"))
