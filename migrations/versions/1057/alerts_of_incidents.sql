-- Alerts are rows beside their incident, each of which fires and clears by itself.
create table fold.incident_alert (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  sender_id uuid not null,
  source text collate "C" not null,
  dedup_key text collate "C" not null,
  title text collate "C" not null,
  labels text,
  first_fired_at timestamptz not null,
  last_fired_at timestamptz not null,
  fired_count integer not null,
  cleared_at timestamptz,
  appended_at timestamptz
);
create index incident_alert_record on fold.incident_alert (record, first_fired_at, id);
create index incident_alert_known on fold.incident_alert (source, dedup_key, last_fired_at desc);
alter table fold.incident add column alert_group text collate "C", add column alert_group_number integer;
-- Of two workers that open an incident of a group at once one is refused, and joins the other's.
create unique index incident_alert_group_key on fold.incident (alert_group, alert_group_number)
  where alert_group is not null;
