"""Approval rules, risk questionnaires and matrices that await the agreement of a second person."""

from alembic import op

revision = "1177"
down_revision = "1176"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "alter table fold.risk_questionnaire add column revision jsonb, add column awaits_agreement boolean,"
        " add column agreed_by_id uuid"
    )
    op.execute("alter table fold.approval_rule add column awaits_agreement boolean")
    op.execute(
        "alter table fold.approval_rule_version add column awaits_agreement boolean,"
        " add column agreed_by_id uuid"
    )
    op.execute(
        "alter table fold.risk_matrix add column awaits_agreement boolean, add column agreed_by_id uuid"
    )
