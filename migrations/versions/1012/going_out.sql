-- Deployments that changes or freezes forbade, and why.
alter table fold.deployment
  add column is_outside boolean,
  add column outside_because text[] collate "C";
create index deployment_outside on fold.deployment (started_at desc, id desc) where is_outside;

-- Which unauthorised alteration a change was named for, of how many, and what another tool calls the change of one.
alter table fold.ci
  add column regularised_number integer,
  add column regularised_count integer,
  add column outside_change text collate "C";

-- Incidents that began at a change, however late they were reported.
create index incident_began on fold.incident (began_at, id) where began_at is not null;
