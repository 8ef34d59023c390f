-- The alert that an incident was reported for, and who reported what is another person's.

alter table fold.incident
  add column reported_by_id uuid,
  add column alert_source text collate "C",
  add column dedup_key text collate "C",
  add column alert_count integer,
  add column last_alert_at timestamptz;

create index incident_reported_by on fold.incident (reported_by_id, opened_at desc, id desc)
  where reported_by_id is not null;

-- An alert has one open incident, whoever tells of it at the same time. The name is that of the sentence that refuses a
-- second one.
create unique index incident_alert_is_open_elsewhere
  on fold.incident (coalesce(reported_by_id, requester_id), alert_source, dedup_key)
  where dedup_key is not null and state in ('new', 'acknowledged', 'in_progress', 'on_hold');

select log.takes_rows('fold.incident');
