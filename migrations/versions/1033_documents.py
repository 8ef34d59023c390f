"""Documents of their own, and what happens to documents that are kept."""

from alembic import op

revision = "1033"
down_revision = "1032"
branch_labels = None
depends_on = None

TABLES = (
    """
create table fold.document (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  number text collate "C" not null unique,
  state text collate "C" not null,
  document_class text collate "C" not null,
  subclass text collate "C",
  template text collate "C",
  title text collate "C" not null,
  importance text collate "C" not null,
  confidentiality text collate "C" not null,
  tier text collate "C" not null,
  team_id uuid not null,
  reader_ids text[] collate "C",
  reader_team_ids text[] collate "C",
  countersigning_team_ids text[] collate "C",
  author_id uuid not null,
  external_number text collate "C",
  version_label text collate "C" not null,
  published_label text collate "C",
  edition integer not null,
  attachment_id uuid not null,
  decision_id uuid,
  review_outcome text collate "C",
  effective_at timestamptz,
  review_due_at timestamptz,
  review_overdue_at timestamptz,
  approved_at timestamptz,
  published_at timestamptz,
  superseded_at timestamptz,
  archived_at timestamptz,
  destroyed_at timestamptz,
  drafted_at timestamptz not null
)""",
    """
create table fold.document_access_request (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  document_id uuid not null,
  person_id uuid not null,
  purpose text not null,
  requested_at timestamptz not null,
  granted_at timestamptz
)""",
    """
create table fold.document_acknowledgement (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  document_id uuid not null,
  edition integer not null,
  person_id uuid not null,
  asked_at timestamptz not null,
  acknowledged_at timestamptz
)""",
    """
create table fold.document_loan (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  document_id uuid not null,
  place text collate "C" not null,
  borrower_id uuid not null,
  lent_at timestamptz not null,
  until_at timestamptz not null,
  returned_at timestamptz
)""",
    """
create table fold.document_reader (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  document_id uuid not null,
  person_id uuid not null,
  granted_by_id uuid,
  granted_at timestamptz not null,
  until_at timestamptz not null
)""",
    """
create table fold.document_version (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  record text collate "C" not null,
  edition integer not null,
  label text collate "C" not null,
  state text collate "C" not null,
  attachment_id uuid not null,
  media_type text collate "C" not null,
  size integer not null,
  sha256 text collate "C" not null,
  author_id uuid,
  changes text,
  written_at timestamptz not null,
  published_at timestamptz,
  effective_at timestamptz,
  superseded_at timestamptz
)""",
    """
alter table fold.document_entry
  add column subclass text collate "C",
  add column importance text collate "C",
  add column confidentiality text collate "C",
  add column version_label text collate "C",
  add column external_number text collate "C",
  add column review_due_at timestamptz,
  add column archived_at timestamptz,
  add column archive_reason text,
  add column retained_until_at timestamptz,
  add column retention_warned_at timestamptz,
  add column hold_reason text,
  add column held_at timestamptz,
  add column destruction_asked_at timestamptz,
  add column destruction_asked_by_id uuid,
  add column destroyed_at timestamptz,
  add column destroyed_by_id uuid""",
)
INDEXES = (
    "create index document_drafted on fold.document (drafted_at desc, id desc)",
    "create index document_entry_drafted on fold.document_entry (drafted_at desc, id desc)",
    "create index document_version_record on fold.document_version (record, written_at, id)",
    """
create index document_acknowledgement_record on fold.document_acknowledgement (record, asked_at, id)""",
    """
create index document_acknowledgement_person on fold.document_acknowledgement (person_id, document_id)
  where acknowledged_at is null""",
    """
create index document_access_request_record on fold.document_access_request (record, requested_at, id)""",
    "create index document_reader_record on fold.document_reader (record, granted_at, id)",
    "create index document_loan_record on fold.document_loan (record, lent_at, id)",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
