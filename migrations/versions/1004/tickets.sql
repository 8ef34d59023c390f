-- What service levels ask of tickets: the supplier that a hold waits for, why a target was missed, and escalations at a
-- share of a target.
alter table fold.incident add column supplier_id uuid;
alter table fold.request add column supplier_id uuid;

create table fold.breach_cause (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  cause text collate "C" not null,
  agreement_type text collate "C",
  metric text collate "C",
  explanation text,
  stated_by_id uuid,
  stated_at timestamptz not null,
  appended_at timestamptz
);
create index breach_cause_record on fold.breach_cause (record, stated_at, id);

alter table fold.escalation_rule
  alter column after_seconds drop not null,
  add column sla_percent integer,
  add column metric text collate "C";

-- Of what clocks say people are notified as of their tickets: the stream of the event, where it is not the ticket's own.
alter table fold.notice add column streams text[] collate "C";
alter table deliveries.waiting add column told_on text collate "C";
