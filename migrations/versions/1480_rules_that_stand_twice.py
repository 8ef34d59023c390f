"""Comments in the functions whose rule stands in Python, too."""

from alembic import op

revision = "1480"
down_revision = "1470"
branch_labels = None
depends_on = None

ADDS_ONLY = True

COMMENTS = {
    "schedule.needed_by(uuid)": "The directions of IMPACT_DIRECTIONS in app/foundation/cis/impact.py",
    "schedule.write_change(jsonb)": "The rule of CONFLICTS in app/processes/changes/planning/bookings.py",
}


def upgrade() -> None:
    for function, comment in COMMENTS.items():
        begin = r"AS $function$\n"
        op.execute(
            f"do $do$ begin execute replace(pg_get_functiondef('{function}'::regprocedure), "
            f"E'{begin}', E'{begin}  -- {comment}: change both.\\n'); end $do$"
        )
