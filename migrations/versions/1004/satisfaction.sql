-- Requests to rate a ticket; owners, escalation and merging of complaints; how much of a service's cases is asked about.
alter table fold.rating add column by_staff boolean;

create table fold.rating_request (
  id uuid primary key,
  version integer not null,
  changed_at timestamptz not null,
  record text collate "C" not null unique,
  person_id uuid not null,
  asked_at timestamptz not null,
  until_at timestamptz not null,
  appended_at timestamptz
);
-- At most one a person and week: when somebody was asked last.
create index rating_request_person on fold.rating_request (person_id, asked_at);

alter table fold.complaint
  add column owner_id uuid,
  add column escalated_at timestamptz,
  add column merged_into_id uuid,
  add column merged_at timestamptz;
create index complaint_due on fold.complaint (due_at, id) where answered_at is null and merged_at is null;
create index complaint_owner on fold.complaint (owner_id, due_at, id) where answered_at is null and merged_at is null;
create index complaint_newest on fold.complaint (complained_at desc, id desc);

alter table fold.service add column rating_percent integer;

-- Facts of satisfaction, of incidents and requests alike: the cases that were rated, those whose requester was asked to, the
-- complaints, and their answers.
create table kpi.rated (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  score smallint not null
);
create index rated_at on kpi.rated (at) include (score, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);

create table kpi.rating_asked (
  case_id uuid primary key,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  rated boolean not null
);
create index rating_asked_at on kpi.rating_asked (at) include (rated, priority, team_id, service, channel, category, assignee_id, customer_id, excluded);

create table kpi.complained (
  case_id uuid not null,
  complaint_id uuid not null,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  subject text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  ended_at timestamptz,
  ended_seconds bigint,
  primary key (case_id, complaint_id)
);
create index complained_at on kpi.complained (at) include (ended_at, ended_seconds, priority, team_id, service, channel, category, assignee_id, customer_id, subject, excluded);

create table kpi.complaint_answered (
  case_id uuid not null,
  complaint_id uuid not null,
  at timestamptz not null,
  priority text collate "C",
  team_id uuid,
  service text collate "C",
  channel text collate "C",
  category text collate "C",
  assignee_id uuid,
  customer_id uuid,
  subject text collate "C",
  excluded text collate "C",
  irregular boolean not null,
  position bigint not null,
  opened_position bigint not null,
  seconds bigint not null,
  met boolean not null,
  primary key (case_id, complaint_id)
);
create index complaint_answered_at on kpi.complaint_answered (at) include (seconds, met, priority, team_id, service, channel, category, assignee_id, customer_id, subject, excluded);

-- KPIs find the facts of requests and of what is counted with them by these names.
create view kpi.request_rated as select * from kpi.rated;
create view kpi.request_rating_asked as select * from kpi.rating_asked;
create view kpi.request_complained as select * from kpi.complained;
create view kpi.request_complaint_answered as select * from kpi.complaint_answered;
-- The complaints that were open, each from when it was made until it was answered; one that was merged is another one's.
create view kpi.complaint_life as
select case_id, at as since, coalesce(ended_at, 'infinity') as until, 99::smallint as span_class, 'open'::text as phase,
  false as on_hold, at as opened_at, priority, team_id, service, channel, category, assignee_id, customer_id, subject,
  irregular, position, opened_position
from kpi.complained where excluded is null;
-- The cases that came to their end: incidents resolved and requests delivered for good.
create view kpi.request_concluded as
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded
from kpi.incident_resolved where final
union all
select case_id, at, priority, team_id, service, channel, category, assignee_id, customer_id, excluded
from kpi.request_delivered where final;
