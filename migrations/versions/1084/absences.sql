-- When persons are away, who deputises, and the calendars that it is taken from.
create table fold.absence (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  person_id uuid not null,
  deputy_id uuid,
  deputy_named_by_id uuid,
  entered_by_id uuid,
  cover_id uuid,
  from_at timestamptz not null,
  until_at timestamptz not null,
  reason text,
  team_ids text[] collate "C",
  source text collate "C" not null,
  calendar_id uuid,
  event_key text collate "C",
  planned_at timestamptz not null,
  withdrawn_at timestamptz,
  removed_at timestamptz
);
create index absence_planned on fold.absence (planned_at desc, id desc);
create index absence_until on fold.absence (until_at desc, id desc);
create index absence_person on fold.absence (person_id, until_at) where state = 'planned';
-- Two imports at once take an event over once.
create unique index absence_event_key on fold.absence (person_id, source, event_key)
  where state = 'planned' and event_key is not null and calendar_id is null;
create unique index absence_calendar_event_key on fold.absence (calendar_id, event_key) where state = 'planned';
create table fold.absence_calendar (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  appended_at timestamptz,
  state text collate "C" not null,
  person_id uuid not null,
  deputy_id uuid,
  origin text not null,
  url text not null,
  failing_since_at timestamptz,
  failing_because text collate "C",
  added_at timestamptz not null,
  ended_at timestamptz
);
create index absence_calendar_added on fold.absence_calendar (added_at desc, id desc);
-- How far the fetches of each calendar have come. `address` is a digest of its encrypted address.
create table plumbing.absence_fetch (
  calendar_id uuid primary key,
  address text collate "C" not null,
  fetched_at timestamptz,
  next_at timestamptz not null,
  failures integer not null,
  failure text collate "C",
  etag text,
  modified text,
  read_at timestamptz,
  absences integer not null,
  unreadable integer not null
);
