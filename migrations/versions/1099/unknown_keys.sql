-- The keys of services, configuration items and categories, each with the position of the event that added it. They follow the
-- log event by event, and only grow.
create table kpi.catalogue_key (
  kind text collate "C" not null,    -- service, ci, category
  process text collate "C" not null, -- of a category; of all else ''
  key text collate "C" not null,
  position bigint not null,
  primary key (kind, process, key)
);

-- The incidents and requests whose opening names such a key that was not there before it.
create table kpi.unknown_key_case (
  case_id uuid primary key
);

-- The openings as facts of what they name.
create view kpi.incident_named as
select opened.case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, source, excluded, irregular,
  position, opened_position, unknown.case_id is not null as unknown_keys
from kpi.incident_opened opened left join kpi.unknown_key_case unknown on unknown.case_id = opened.case_id;

create view kpi.request_named as
select opened.case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, path, catalogue_item, excluded,
  irregular, position, opened_position, unknown.case_id is not null as unknown_keys
from kpi.request_opened opened left join kpi.unknown_key_case unknown on unknown.case_id = opened.case_id;
