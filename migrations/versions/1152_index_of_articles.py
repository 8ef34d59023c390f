"""An index for searches by some words of a sentence, over articles and items of the catalogue only."""

from alembic import op

revision = "1152"
down_revision = "1151"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "create index record_knowledge_tokens on search.record using gin (tokens) "
        "where kind in ('article', 'catalogue_item')"
    )
