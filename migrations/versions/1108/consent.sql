-- Which credential standing things were made with, for how long a deputy was named, and bounds of accounts.
alter table fold.deputy
  add column key_id uuid,
  add column secret_hash text collate "C",
  add column suspended_by_rotation boolean;
alter table fold.absence
  add column votes_from_at timestamptz,
  add column votes_until_at timestamptz,
  add column key_id uuid,
  add column secret_hash text collate "C",
  add column suspended_by_rotation boolean;
alter table fold.absence_calendar
  add column ends_at timestamptz,
  add column key_id uuid,
  add column secret_hash text collate "C",
  add column suspended_by_rotation boolean;
alter table fold.subscription
  add column secret_hash text collate "C",
  add column suspended_by_rotation boolean;
alter table fold.person add column most_standing integer;
