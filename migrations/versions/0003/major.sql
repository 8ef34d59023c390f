-- What incidents have as they are contained and as majors.

alter table fold.incident
  add column contained_at timestamptz,
  add column containment text,
  add column declared_major_at timestamptz,
  add column commander_id uuid,
  add column statement text,
  add column next_update_due_at timestamptz;

-- Few incidents are major: the indexes hold those only, and cost the others nothing.
create index incident_major on fold.incident (declared_major_at desc, id desc) where declared_major_at is not null;
create index incident_commander on fold.incident (commander_id, opened_at desc, id desc) where commander_id is not null;

select log.takes_rows('fold.incident');
