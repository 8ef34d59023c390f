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
  added_at timestamptz not null
);
create index shift_team on fold.shift (team_id, duty, until_date);
create index shift_person on fold.shift (person_id, added_at desc, id desc);
create index shift_added on fold.shift (added_at desc, id desc);

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
  agreed_at timestamptz not null
);
create index stand_in_team on fold.stand_in (team_id, duty, greatest(ends_at, return_ends_at)) where state = 'agreed';
create index stand_in_agreed on fold.stand_in (agreed_at desc, id desc);

select log.takes_rows('fold.' || name) from unnest(array['shift', 'stand_in']) as name;
