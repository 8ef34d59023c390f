-- What requests_per_agent_day is computed from.
--
-- agent_work   on which days (UTC) the holder of a case did something with it. One row per case, holder, team and day.
--   quarters   in which quarters of an hour of the day, the first one first
--   ended_at   the case came to its final end then, for its holder, who had worked on it; null: not on that day
--   position   of the event that ended it, else of the first one of the row
-- agent_day    the same of all cases together; ended: how many came to their end

create function kpi.quarter(at timestamptz) returns bit(96) language sql immutable parallel safe
return set_bit(B'0'::bit(96),
  (extract(hour from at at time zone 'UTC') * 4 + floor(extract(minute from at at time zone 'UTC') / 15))::integer, 1);

create table kpi.agent_work (
  case_id uuid,
  n integer,
  assignee_id uuid not null,
  team_id uuid,
  day date not null,
  quarters bit(96) not null,
  ended_at timestamptz,
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index agent_work_day on kpi.agent_work (assignee_id, day) include (team_id, quarters, ended_at);
create index agent_work_ended on kpi.agent_work (ended_at) include (team_id, assignee_id) where ended_at is not null;
create index agent_work_team on kpi.agent_work (team_id, ended_at) include (assignee_id) where ended_at is not null;

-- The cases that came to their end, as facts of that.
create view kpi.request_ended as
  select case_id, ended_at as at, team_id, assignee_id, null::text as excluded, irregular, position, opened_position
  from kpi.agent_work where ended_at is not null;

create table kpi.agent_day (
  day date not null,
  assignee_id uuid not null,
  team_id uuid,
  quarters bit(96) not null,
  ended integer not null
);
-- All that an answer asks for is in the indexes.
create unique index agent_day_day on kpi.agent_day (day, assignee_id, team_id) include (quarters, ended)
  nulls not distinct;
create index agent_day_team on kpi.agent_day (team_id, day) include (assignee_id, quarters, ended);

-- The facts are made anew from the log.
update log.checkpoint set position = 0 where consumer = 'kpi';
