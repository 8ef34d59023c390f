-- What waited for changes: authorised alterations of configuration items, fixing changes of problems, requests that
-- open a change, and holds that wait for one.
alter table fold.ci
  add column alteration_count integer,
  add column altered_at timestamptz,
  add column alteration_authorised boolean,
  add column authorised_by_id uuid,
  add column regularised_at timestamptz,
  add column regularised_by_id uuid;
create index ci_altered on fold.ci (altered_at, id) where altered_at is not null;

alter table fold.problem
  add column fixing_change_id uuid,
  add column fixing_change_external boolean,
  add column fixing_change_failed_at timestamptz;
create index problem_fixing_change on fold.problem (fixing_change_id) where fixing_change_id is not null;

alter table fold.catalogue_item add column opens text collate "C";

alter table fold.incident add column held_for_change_id uuid;
create index incident_held_for_change on fold.incident (held_for_change_id) where held_for_change_id is not null;
alter table fold.request add column held_for_change_id uuid;
create index request_held_for_change on fold.request (held_for_change_id) where held_for_change_id is not null;

-- Incidents that may be the work of a change are looked for by its last step.
create index change_backed_out on fold.change (backed_out_at, id) where backed_out_at is not null;
