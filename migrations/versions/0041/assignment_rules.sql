-- To whom tickets go that nobody has.
create table fold.assignment_rule (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  name text not null,
  process text collate "C" not null,
  position integer not null,
  for_service text collate "C",
  for_category text collate "C",
  for_customer_id uuid,
  priorities text[] collate "C",
  hours text collate "C" not null,
  hours_of_id uuid,
  to_team_id uuid not null,
  choose text collate "C" not null,
  added_at timestamptz not null,
  ended_at timestamptz
);
create index assignment_rule_active on fold.assignment_rule (process, position, id) where state = 'active';
create index assignment_rule_position on fold.assignment_rule (position, id);
create index assignment_rule_added on fold.assignment_rule (added_at desc, id desc);
select log.takes_rows('fold.assignment_rule');

-- Where the log has the last ticket that a rule gave somebody in a team: the rule reads it to see whose turn it is.
create table plumbing.assignment_turn (
  team_id uuid not null,
  person_id uuid not null,
  position bigint not null,
  primary key (team_id, person_id)
);
