-- Issued service reports: each edition a row that never changes, whom it was sent to, and consequences that were released.
create table fold.sla_report (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  number text collate "C" not null,
  edition integer not null,
  period text collate "C" not null,
  begins_at timestamptz not null,
  ends_at timestamptz not null,
  position bigint not null,
  computed_at timestamptz not null,
  missed text[] collate "C",
  content jsonb not null,
  staff_content jsonb not null,
  changes jsonb,
  staff_changes jsonb,
  remarks text,
  issued_by_id uuid,
  issued_at timestamptz not null,
  appended_at timestamptz
);
create index sla_report_record on fold.sla_report (record, issued_at, id);
create unique index sla_report_edition_key on fold.sla_report (record, number, edition);

create table fold.sla_report_recipient (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  number text collate "C" not null,
  edition integer not null,
  person_id uuid not null,
  sent_at timestamptz not null,
  appended_at timestamptz
);
create index sla_report_recipient_record on fold.sla_report_recipient (record, number, edition);

create table fold.sla_consequence (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  number text collate "C" not null,
  edition integer not null,
  target text collate "C" not null,
  kind text collate "C" not null,
  below text collate "C",
  percent text collate "C",
  amount text collate "C",
  currency text collate "C",
  released_by_id uuid,
  released_at timestamptz not null,
  appended_at timestamptz
);
create index sla_consequence_record on fold.sla_consequence (record, number, edition);
