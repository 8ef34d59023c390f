-- What the records of persons, teams and keys have besides; all that is new may be absent in older rows.
alter table fold.person
  add column phone text collate "C",
  add column department text collate "C",
  add column post text collate "C",
  add column manager_id uuid,
  add column grade text collate "C",
  add column time_zone text collate "C",
  add column roles text[] collate "C",
  add column deactivated_at timestamptz;

alter table fold.team
  add column lead_id uuid,
  add column retired_at timestamptz;

-- A key without roles of its own may do whatever its person may.
alter table fold.key
  alter column roles drop not null,
  add column previous_hash text collate "C",
  add column previous_ends_at timestamptz,
  add column rotated_at timestamptz;

select log.takes_rows('fold.' || name) from unnest(array['person', 'team', 'key']) as name;

-- What somebody sees who holds a role for one service only.
create index incident_service on fold.incident (service, opened_at desc, id desc);
