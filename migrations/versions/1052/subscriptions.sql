-- Subscriptions: the log's events, sent to other systems as they happen.
create table fold.subscription (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  state text collate "C" not null,
  title text collate "C" not null,
  person_id uuid not null,
  key_id uuid,
  roles text[] collate "C",
  ends_at timestamptz,
  origin text collate "C" not null,
  sealed_url text collate "C" not null,
  format text collate "C" not null,
  language text collate "C" not null,
  event_types text[] collate "C",
  kinds text[] collate "C",
  services text[] collate "C",
  team_ids text[] collate "C",
  priorities text[] collate "C",
  sealed_secret text collate "C" not null,
  previous_sealed_secret text collate "C",
  previous_ends_at timestamptz,
  rotated_at timestamptz,
  failing_since_at timestamptz,
  disabled_because text collate "C",
  added_at timestamptz not null,
  resumed_at timestamptz,
  disabled_at timestamptz,
  appended_at timestamptz
);
create index subscription_list on fold.subscription (added_at desc, id desc);
create index subscription_person on fold.subscription (person_id);
create index subscription_sent on fold.subscription (id) where state = 'active';
