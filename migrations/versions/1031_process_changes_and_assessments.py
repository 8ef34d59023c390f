"""Applications for changes of processes, and assessments of processes."""

from alembic import op

revision = "1031"
down_revision = "1030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    create table fold.process_assessment (
      id uuid primary key,
      version integer not null,
      changed_at timestamptz not null,
      appended_at timestamptz,
      number text collate "C" not null,
      state text collate "C" not null,
      title text collate "C" not null,
      process text collate "C" not null,
      means text[] collate "C" not null,
      assessor_id uuid,
      maturity jsonb,
      pains text,
      needs text,
      position bigint,
      opened_at timestamptz not null,
      measured_at timestamptz,
      concluded_at timestamptz
    )""")
    op.execute("""
    create table fold.process_change (
      id uuid primary key,
      version integer not null,
      changed_at timestamptz not null,
      appended_at timestamptz,
      number text collate "C" not null,
      state text collate "C" not null,
      title text collate "C" not null,
      process text collate "C" not null,
      description text not null,
      reason text not null,
      team_ids text[] collate "C" not null,
      head_ids text[] collate "C",
      origin text collate "C",
      applicant_id uuid,
      opinion text,
      decision_id uuid,
      definition_id uuid,
      applied_at timestamptz not null,
      due_at timestamptz not null,
      overdue_at timestamptz,
      reviewed_at timestamptz,
      approved_at timestamptz,
      published_at timestamptz,
      refused_at timestamptz,
      proposal_late_days integer not null,
      decision_late_days integer,
      publication_late_days integer
    )""")
    op.execute('alter table fold.improvement_plan add column present_assessment_ids text[] collate "C"')
    op.execute("create index process_change_due on fold.process_change (due_at, id)")
    op.execute("create index process_change_applied on fold.process_change (applied_at desc, id desc)")
    op.execute("create index process_assessment_opened on fold.process_assessment (opened_at desc, id desc)")
