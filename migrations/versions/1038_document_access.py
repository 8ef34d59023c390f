"""Requests for access to documents that are refused, and the texts of files that documents are found by."""

from alembic import op

revision = "1038"
down_revision = "1037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table fold.document_access_request add column refused_at timestamptz")
    op.execute("alter table fold.document_access_request add column refusal_reason text")
    # Erasing whoever wrote a file, or destroying the document, takes its text along in the same transaction.
    op.execute("""
    create table search.document_text (
      attachment_id uuid primary key,
      document_id uuid not null,
      key_id uuid not null references vault.personal_key on delete cascade,
      under uuid not null references vault.personal_key on delete cascade,
      failure text collate "C",
      tokens tsvector not null,
      text text
    )""")
    op.execute("create index document_text_tokens on search.document_text using gin (tokens)")
    op.execute("create index document_text_document on search.document_text (document_id)")
    op.execute("create index document_text_key on search.document_text (key_id)")
    op.execute("create index document_text_under on search.document_text (under)")
