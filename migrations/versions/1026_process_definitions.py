"""Definitions of processes."""

from alembic import op

revision = "1026"
down_revision = "1025"
branch_labels = None
depends_on = None

INDEXES = (
    "create unique index process_definition_edition_key on fold.process_definition (process, edition)",
    "create index process_definition_process on fold.process_definition (process, effective_at desc)",
    "create index process_definition_changed on fold.process_definition (changed_at desc, id desc)",
)


def upgrade() -> None:
    op.execute("""
    create table fold.process_definition (
      id uuid primary key,
      version integer not null,
      changed_at timestamptz not null,
      appended_at timestamptz,
      number text collate "C" not null,
      state text collate "C" not null,
      process text collate "C" not null,
      title text collate "C" not null,
      edition integer,
      level integer not null,
      parent text collate "C",
      aliases text[] collate "C",
      department text collate "C",
      owner_id uuid,
      executor_id uuid,
      author_id uuid,
      purpose text collate "C",
      begins_with text collate "C",
      ends_with text collate "C",
      activities jsonb,
      raci jsonb,
      decision_points jsonb,
      control_points jsonb,
      interfaces jsonb,
      terms jsonb,
      inputs text[] collate "C",
      outputs text[] collate "C",
      customers text[] collate "C",
      resources text[] collate "C",
      refers_to text[] collate "C",
      templates text[] collate "C",
      checklists text[] collate "C",
      kpis text[] collate "C",
      cost_share integer,
      growth_share integer,
      revenue_share integer,
      value_share integer,
      expected_path jsonb,
      heard_ids text[] collate "C",
      improvement_id uuid,
      document_number text collate "C",
      effective_at timestamptz,
      drafted_at timestamptz not null,
      submitted_at timestamptz,
      piloted_at timestamptz,
      published_at timestamptz,
      superseded_at timestamptz,
      retired_at timestamptz,
      retirement_reason text
    )""")
    for index in INDEXES:
        op.execute(index)
