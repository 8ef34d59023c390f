-- When it counts, and what was said of that, version by version.
create table fold.calendar (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  key text collate "C" not null unique,
  name text collate "C" not null,
  time_zone text collate "C" not null,
  newest_id uuid not null,
  revision integer not null,
  added_at timestamptz not null,
  retired_at timestamptz
);
create index calendar_added on fold.calendar (added_at desc, id desc);
create index calendar_name on fold.calendar (name, id);

create table fold.calendar_version (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  revision integer not null,
  time_zone text collate "C" not null,
  weekly jsonb not null,
  weekly_from jsonb not null,
  public_holidays jsonb not null,
  holidays jsonb not null,
  struck text[] collate "C" not null,
  working_days jsonb not null,
  provisional_years integer[] not null,
  published_at timestamptz not null,
  unique (record, revision)
);
create index calendar_version_published on fold.calendar_version (record, published_at, id);

select log.takes_rows('fold.' || name) from unnest(array['calendar', 'calendar_version']) as name;
