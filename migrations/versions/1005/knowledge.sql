-- Knowledge: which cases an article helped with, what was published and used by others, and what visits of portals told.
-- The first three only grow, in the order of the log.
create table kpi.helped_case (
  position bigint primary key,       -- of the event on the case
  case_id uuid not null
);
create index helped_case_case on kpi.helped_case (case_id);

create table kpi.visit_event (
  position bigint primary key,
  session text collate "C" not null, -- what the portal calls the visit
  article_id uuid not null,
  what text collate "C" not null,    -- shown, viewed, rated
  at timestamptz not null,
  person text collate "C",           -- who it was, where the event says so
  helped boolean
);
create index visit_event_session on kpi.visit_event (session);
create index visit_event_person on kpi.visit_event (person, session) where person is not null;

-- Who raised a ticket when, as its first event says.
create table kpi.ticket_raised (
  person text collate "C" not null,
  at timestamptz not null,
  position bigint not null,
  primary key (person, at, position)
);

-- A visit in which an article was suggested; the case is the article that was the first.
create table kpi.article_visit (
  session text collate "C" primary key,
  case_id uuid not null,
  at timestamptz not null,
  deflected boolean not null,        -- as far as anybody knows
  confirmed boolean not null,        -- and somebody said that it helped
  excluded text collate "C",         -- none is
  irregular boolean not null default false,
  position bigint not null,
  positions bigint[] not null        -- of all that it follows from
);
create index article_visit_at on kpi.article_visit (at) include (deflected, confirmed);

create table kpi.article_published (
  case_id uuid primary key,
  at timestamptz not null,
  owner_id uuid,                     -- its author
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null
);
create index article_published_at on kpi.article_published (at) include (owner_id, excluded);

create table kpi.article_used (
  case_id uuid not null,
  n integer not null,
  at timestamptz not null,
  owner_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create index article_used_at on kpi.article_used (at) include (owner_id, excluded);

-- The cases that came to their end, and whether an article helped with each.
create view kpi.request_solved as
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
  opened_position, exists (select from kpi.helped_case helped where helped.case_id = ended.case_id) as article_used
from kpi.incident_resolved ended where final
union all
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded, irregular, position,
  opened_position, exists (select from kpi.helped_case helped where helped.case_id = ended.case_id)
from kpi.request_delivered ended where final;

-- Services, in stretches in which each is live; and when an SLA is in force for which of them ('': for all).
create table kpi.service_stretch (
  case_id uuid not null,
  n integer not null,
  since timestamptz not null,
  until timestamptz not null,
  service text collate "C",
  owner_id uuid,
  team_id uuid,
  opened_at timestamptz not null,
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  primary key (case_id, n)
);
create table kpi.sla_cover (
  case_id uuid not null,
  service text collate "C" not null,
  since timestamptz not null,
  until timestamptz not null,
  primary key (case_id, service)
);
-- Each stretch of a service asks which agreements cover it.
create index sla_cover_service on kpi.sla_cover (service, since) include (until);

create view kpi.service_went_live as select case_id, min(since) as at from kpi.service_stretch group by case_id;

-- Cut where agreements begin and end. Few services are live, so all of them are one class (see kpi.incident_life).
create view kpi.service_life as
select case_id, piece.since, piece.until, 99::smallint as span_class, 'open'::text as phase, false as on_hold,
  exists (
    select from kpi.sla_cover cover where cover.service in ('', stretch.service) and cover.since <= piece.since and cover.until > piece.since
  ) as under_agreement,
  opened_at, owner_id, team_id, irregular, position, opened_position
from kpi.service_stretch stretch
cross join lateral (
  select edge as since, lead(edge, 1, stretch.until) over (order by edge) as until
  from (
    select stretch.since as edge
    union
    select edge from kpi.sla_cover cover cross join lateral unnest(array[cover.since, cover.until]) as edge
    where cover.service in ('', stretch.service) and edge > stretch.since and edge < stretch.until
  ) edges
) piece;

-- All facts are made anew.
update log.checkpoint set position = 0 where consumer = 'kpi';
