-- Alerts that fire in a quiet window, until they clear or the window ends.
create table plumbing.quiet_alert (
  id uuid primary key,
  account_id uuid not null,
  source text collate "C" not null,
  dedup_key text collate "C" not null,
  sealed bytea not null,
  because text collate "C" not null,
  service text collate "C",
  ci text collate "C",
  first_fired_at timestamptz not null,
  last_fired_at timestamptz not null,
  fired_count integer not null,
  heard_at timestamptz not null,
  until_at timestamptz not null,
  cleared_at timestamptz,
  checked_at timestamptz,
  opened_at timestamptz,
  incident_id uuid
);
create unique index quiet_alert_of_alert on plumbing.quiet_alert (account_id, source, dedup_key) where opened_at is null;
create index quiet_alert_due on plumbing.quiet_alert (until_at) where opened_at is null and cleared_at is null;
create index quiet_alert_heard on plumbing.quiet_alert (heard_at desc, id desc);
