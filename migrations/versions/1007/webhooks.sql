-- How often the bytes of a delivery came, and when last, if not once. `alerts` is how many alerts it told of; null if
-- it has not been processed, or told of something else.
alter table plumbing.webhook_delivery
  add column heard integer not null default 1,
  add column last_heard_at timestamptz,
  add column alerts integer;
create index webhook_delivery_heard on plumbing.webhook_delivery (source_id, last_heard_at)
  where last_heard_at is not null;

-- What was heard last of each alert of a source, by the alert's fingerprint: in which delivery and of what content,
-- whether it fires, its incident, and whether that was open then.
create table plumbing.heard_alert (
  source_id uuid,
  alert text collate "C",
  delivery_id uuid not null,
  content_hash text collate "C" not null,
  firing boolean not null,
  incident_id uuid,
  was_open boolean not null,
  primary key (source_id, alert)
);
create index heard_alert_delivery on plumbing.heard_alert (delivery_id);

-- `flapping_seconds`: an alert that fires again so soon after it has cleared goes on with its incident.
-- `automatic_mails`: whether mails of lists and of programs are taken.
alter table fold.webhook_source
  add column flapping_seconds integer,
  add column automatic_mails text collate "C";
