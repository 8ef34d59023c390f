-- Unplanned interruptions and degradations of services, and the reviews of major ones.
create table fold.incident (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  state_since timestamptz not null,
  title text,
  description text,
  channel text collate "C",
  impact text collate "C",
  urgency text collate "C",
  priority text collate "C",
  effect text collate "C",
  began_at timestamptz,
  service text collate "C",
  ci text collate "C",
  category text collate "C",
  requester_id uuid,
  customer_id uuid,
  team_id uuid,
  assignee_id uuid,
  opened_at timestamptz not null,
  acknowledged_at timestamptz,
  started_at timestamptz,
  held_from text collate "C",
  hold_reason text collate "C",
  wake_up_at timestamptz,
  resolved_at timestamptz,
  resolution_code text collate "C",
  resolution text,
  cause text,
  service_restored_at timestamptz,
  closed_at timestamptz,
  cancelled_at timestamptz,
  contained_at timestamptz,
  containment text,
  declared_major_at timestamptz,
  commander_id uuid,
  statement text,
  next_update_due_at timestamptz,
  duplicate_of_id uuid,
  reminded_at timestamptz,
  reported_by_id uuid,
  alert_source text collate "C",
  dedup_key text collate "C",
  alert_count integer,
  last_alert_at timestamptz,
  reviewed_at timestamptz,
  custom jsonb,
  custom_for_staff jsonb,
  review_due_at timestamptz,
  appended_at timestamptz
) with (fillfactor = 85);
-- An alert has one open incident, whoever tells of it at the same time. The name is that of the sentence that refuses a
-- second one.
create unique index incident_alert_is_open_elsewhere
  on fold.incident (coalesce(reported_by_id, requester_id), alert_source, dedup_key)
  where dedup_key is not null and state in ('new', 'acknowledged', 'in_progress', 'on_hold');
create index incident_assignee on fold.incident (assignee_id, opened_at desc, id desc);
create index incident_category on fold.incident (category, opened_at desc, id desc) where category is not null;
-- Every order that a list offers is an index, read forwards or backwards; where the column may be empty, those rows
-- are one end of it. What has many values is an index in the usual order, so that a rare one is found and a frequent
-- one need not be sorted; without the rows that have none, which cost nothing then.
create index incident_changed on fold.incident (changed_at, id);
create index incident_ci on fold.incident (ci, opened_at desc, id desc) where ci is not null;
create index incident_closed on fold.incident (closed_at, id);
create index incident_commander on fold.incident (commander_id, opened_at desc, id desc) where commander_id is not null;
-- Tickets without values cost nothing here.
create index incident_custom on fold.incident using gin (custom jsonb_path_ops) where custom is not null;
create index incident_custom_for_staff on fold.incident using gin (custom_for_staff jsonb_path_ops)
  where custom_for_staff is not null;
create index incident_customer on fold.incident (customer_id, opened_at desc, id desc) where customer_id is not null;
create index incident_duplicates on fold.incident (duplicate_of_id, id) where duplicate_of_id is not null;
create index incident_hold_reason on fold.incident (hold_reason, opened_at desc, id desc) where hold_reason is not null;
-- Few incidents are major: the indexes hold those only, and cost the others nothing.
create index incident_major on fold.incident (declared_major_at desc, id desc) where declared_major_at is not null;
-- What is open and somebody's, or a team's: few of all incidents, found without looking at those that are closed.
create index incident_open_assignee on fold.incident (assignee_id, opened_at desc, id desc)
  where state in ('new', 'acknowledged', 'in_progress', 'on_hold');
create index incident_open_team on fold.incident (team_id, opened_at desc, id desc) include (assignee_id)
  where state in ('new', 'acknowledged', 'in_progress', 'on_hold');
create index incident_opened on fold.incident (opened_at desc, id desc);
create index incident_priority on fold.incident (priority, id);
create index incident_reported_by on fold.incident (reported_by_id, opened_at desc, id desc)
  where reported_by_id is not null;
create index incident_requester on fold.incident (requester_id, opened_at desc, id desc);
create index incident_resolved on fold.incident (resolved_at, id);
-- What somebody sees who holds a role for one service only.
create index incident_service on fold.incident (service, opened_at desc, id desc);
create index incident_state on fold.incident (state, opened_at desc, id desc);
create index incident_state_since on fold.incident (state_since, id);
create index incident_team on fold.incident (team_id, opened_at desc, id desc);
create index incident_team_state on fold.incident (team_id, state, opened_at desc, id desc);

create table fold.incident_review (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  causes text not null,
  went_well text not null,
  went_badly text not null,
  reviewed_at timestamptz not null,
  appended_at timestamptz
);
create index incident_review_record on fold.incident_review (record, reviewed_at, id);

create table fold.timeline_entry (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  review_id uuid not null,
  happened_at timestamptz not null,
  text text not null,
  appended_at timestamptz
);
create index timeline_entry_review on fold.timeline_entry (review_id, happened_at, id);
