-- Who works when, and who is on call when. What counts at an instant is found by the team and the duty.
create table fold.shift (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  team_id uuid not null,
  person_id uuid not null,
  duty text collate "C" not null,
  weekdays text[] collate "C" not null,
  starts text collate "C" not null,
  ends text collate "C" not null,
  time_zone text collate "C" not null,
  every_weeks integer not null,
  from_date text collate "C" not null,
  until_date text collate "C",
  added_at timestamptz not null,
  appended_at timestamptz
);
create index shift_added on fold.shift (added_at desc, id desc);
create index shift_person on fold.shift (person_id, added_at desc, id desc);
create index shift_team on fold.shift (team_id, duty, until_date);

create table fold.stand_in (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  team_id uuid not null,
  duty text collate "C" not null,
  person_id uuid,
  instead_of_id uuid,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  return_starts_at timestamptz,
  return_ends_at timestamptz,
  agreed_at timestamptz not null,
  appended_at timestamptz
);
create index stand_in_agreed on fold.stand_in (agreed_at desc, id desc);
create index stand_in_team on fold.stand_in (team_id, duty, greatest(ends_at, return_ends_at)) where state = 'agreed';

-- To whom tickets go that nobody has.
create table fold.assignment_rule (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  name text not null,
  process text collate "C" not null,
  "position" integer not null,
  for_service text collate "C",
  for_category text collate "C",
  for_customer_id uuid,
  priorities text[] collate "C",
  hours text collate "C" not null,
  hours_of_id uuid,
  to_team_id uuid not null,
  choose text collate "C" not null,
  added_at timestamptz not null,
  ended_at timestamptz,
  calendar text collate "C",
  calendar_hours text collate "C",
  appended_at timestamptz
);
create index assignment_rule_active on fold.assignment_rule (process, position, id) where state = 'active';
create index assignment_rule_added on fold.assignment_rule (added_at desc, id desc);
create index assignment_rule_position on fold.assignment_rule (position, id);
create index assignment_rule_process on fold.assignment_rule (process, position, id);

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
  ended_at timestamptz,
  appended_at timestamptz
);
create index escalation_rule_active on fold.escalation_rule (process) where state = 'active';
create index escalation_rule_added on fold.escalation_rule (added_at desc, id desc);
