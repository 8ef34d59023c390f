-- People who meet at a time; each meeting of a series is a row of its own.
create table fold.meeting (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  number text collate "C" not null unique,
  state text collate "C" not null,
  state_since timestamptz not null,
  opened_at timestamptz not null,
  title text,
  requester_id uuid,
  customer_id uuid,
  team_id uuid,
  assignee_id uuid,
  impact text collate "C",
  urgency text collate "C",
  priority text collate "C",
  custom jsonb,
  custom_for_staff jsonb,
  meeting_kind text collate "C" not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  time_zone text collate "C" not null,
  place text,
  chair_id uuid,
  organiser_id uuid,
  group_id uuid,
  series_interval text collate "C",
  series_day text collate "C",
  series_id uuid,
  series_since_at timestamptz,
  series_ended_at timestamptz,
  planned_at timestamptz not null,
  next_id uuid,
  next_at timestamptz,
  overdue_at timestamptz,
  held_at timestamptz,
  minuted_at timestamptz,
  signed_at timestamptz,
  signed_by_id uuid,
  cancelled_at timestamptz,
  appended_at timestamptz
) with (fillfactor = 85);
create index meeting_chair on fold.meeting (chair_id, starts_at desc, id desc);
create index meeting_changed on fold.meeting (changed_at, id);
create index meeting_custom on fold.meeting using gin (custom jsonb_path_ops) where custom is not null;
create index meeting_custom_for_staff on fold.meeting using gin (custom_for_staff jsonb_path_ops)
  where custom_for_staff is not null;
create index meeting_group on fold.meeting (group_id, starts_at desc, id desc) where group_id is not null;
create index meeting_kind on fold.meeting (meeting_kind, starts_at desc, id desc);
create index meeting_opened on fold.meeting (opened_at, id);
create index meeting_organiser on fold.meeting (organiser_id, starts_at desc, id desc);
create index meeting_overdue on fold.meeting (overdue_at, id) where overdue_at is not null;
create index meeting_series on fold.meeting (series_id, starts_at desc, id desc) where series_id is not null;
-- Every order that the list offers, and what has many values in the usual order.
create index meeting_starts on fold.meeting (starts_at desc, id desc);
create index meeting_state on fold.meeting (state, starts_at desc, id desc);

-- Who is invited, or was there without that.
create table fold.participant (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  person_id uuid not null,
  side text collate "C",
  from_group boolean not null,
  invited boolean not null,
  attended boolean,
  added_at timestamptz not null,
  appended_at timestamptz,
  unique (record, person_id)
);
-- Who sees a meeting because they are invited.
create index participant_person on fold.participant (person_id, record);
create index participant_record on fold.participant (record, added_at, id);

-- What is talked about.
create table fold.agenda_item (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null,
  place integer not null,
  topic text not null,
  about text collate "C",
  decision_id uuid,
  conclusion text,
  added_at timestamptz not null,
  appended_at timestamptz
);
create index agenda_item_record on fold.agenda_item (record, place, id);
