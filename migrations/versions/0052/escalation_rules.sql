-- When tickets are escalated by themselves, and to whom.
create table fold.escalation_rule (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  name text not null,
  process text collate "C" not null,
  priorities text[] collate "C",
  after_seconds integer not null,
  as_long_as text collate "C" not null,
  escalate_to text collate "C" not null,
  to_team_id uuid,
  to_person_id uuid,
  added_at timestamptz not null,
  ended_at timestamptz
);
create index escalation_rule_active on fold.escalation_rule (process) where state = 'active';
create index escalation_rule_added on fold.escalation_rule (added_at desc, id desc);
select log.takes_rows('fold.escalation_rule');
