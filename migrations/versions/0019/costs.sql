-- What work and things cost, and how content those are who asked. Amounts are decimal texts, as in the log.

create table fold.hourly_rate (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  role_class text collate "C" not null,
  amount text collate "C" not null,
  currency text collate "C" not null,
  valid_from_at timestamptz not null,
  added_at timestamptz not null
);
create unique index hourly_rate_valid_from_at_key on fold.hourly_rate (role_class, valid_from_at) where state = 'active';
create index hourly_rate_added on fold.hourly_rate (added_at desc, id desc);

create table fold.budget (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  service text collate "C",
  year integer not null,
  amount text collate "C" not null,
  currency text collate "C" not null,
  added_at timestamptz not null
);
-- No service is called by nothing.
create unique index budget_year_key on fold.budget (coalesce(service, ''), year) where state = 'active';
create index budget_added on fold.budget (added_at desc, id desc);

create table fold.work (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  minutes integer not null,
  role_class text collate "C" not null,
  rate text collate "C",
  currency text collate "C",
  worked_at timestamptz not null,
  logged_at timestamptz not null,
  reverses_id uuid unique
);
create index work_record on fold.work (record, logged_at, id);

create table fold.cost (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  amount text collate "C" not null,
  currency text collate "C" not null,
  purpose text,
  booked_at timestamptz not null,
  reverses_id uuid unique
);
create index cost_record on fold.cost (record, booked_at, id);

create table fold.rating (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null unique,
  score integer not null,
  comment text,
  rated_at timestamptz not null
);

create table fold.complaint (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  subject text collate "C" not null,
  about text not null,
  person_id uuid,
  complained_at timestamptz not null,
  due_at timestamptz not null,
  answered_at timestamptz,
  answered_by_id uuid,
  findings text,
  remedy text
);
create index complaint_record on fold.complaint (record, complained_at, id);

select log.takes_rows('fold.' || name)
from unnest(array['hourly_rate', 'budget', 'work', 'cost', 'rating', 'complaint']) as name;
