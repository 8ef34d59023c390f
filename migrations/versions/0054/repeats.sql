-- repeats    of an opening: another incident of its service and category had been resolved within 30 days before it. It is
--            in no index, so that it can be changed without touching any.

-- The facts are made anew from the log.
update log.checkpoint set position = 0 where consumer = 'kpi';

alter table kpi.incident_opened add column repeats boolean not null default false;
create index incident_opened_kind on kpi.incident_opened (service, category, at)
  where service is not null and category is not null;
