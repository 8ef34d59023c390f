-- Null, of the decisions of before: whoever asked named the voters.
alter table fold.decision
  add column decision text collate "C",
  add column rules jsonb,
  add column position bigint,
  add column remind_at timestamptz,
  add column asked_next_at timestamptz;
alter table fold.vote
  add column role text collate "C",
  add column cast_by_id uuid,
  add column role_lost boolean;
