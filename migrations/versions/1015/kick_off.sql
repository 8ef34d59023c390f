-- When the sponsor has kicked a pilot off.
alter table fold.improvement add column kicked_off_at timestamptz;
