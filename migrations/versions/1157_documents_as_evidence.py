"""Documents as evidence, of the register and of other systems, and the process of a document."""

from alembic import op

revision = "1157"
down_revision = "1156"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.document add column process text collate "C"')
    op.execute('alter table fold.improvement_outcome add column external_numbers text[] collate "C"')
    op.execute('alter table fold.rollout_step add column external_numbers text[] collate "C"')
    op.execute('alter table fold.pilot_readiness add column external_numbers text[] collate "C"')
    op.execute('alter table fold.release_stage add column document_numbers text[] collate "C"')
    op.execute('alter table fold.training add column external_number text collate "C"')
