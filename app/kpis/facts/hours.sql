-- Which calendar a service goes by, and which version of a calendar is its newest, from one position of the log up to
-- another. What comes to its end between them goes by these for ever: what is put right later changes only what is open.
chosen as (
  select service.key as service, told.position as since, told.data->'set'->told.stream->>'calendar' as calendar,
    lead(told.position) over (partition by service.id order by told.position) as until
  from fold.service
  cross join lateral (select * from log.told where stream = 'service/' || service.id offset 0) told
  where service.key in (select service from decided) and told.data->'set'->told.stream ? 'calendar'
),
-- What its agreement says of a case: by which calendar its time counts, and in how many days it may be reopened.
agreed as materialized (
  select case_id, sla.calendar, agreed.reopen_days
  from sla.case agreed join fold.sla on sla.id = agreed.agreement_id where case_id in (select case_id from decided where place = 1)
),
published as (
  select calendar.key as calendar, told.position as since, (told.data->'set'->told.stream->>'newest_id')::uuid as version,
    lead(told.position) over life as until, lag(told.position) over life is null as is_first
  from fold.calendar
  cross join lateral (select * from log.told where stream = 'calendar/' || calendar.id offset 0) told
  where calendar.key in (select calendar from chosen union select calendar from agreed) and told.data->'set'->told.stream ? 'newest_id'
  window life as (partition by calendar.id order by told.position)
),
hours as materialized (
  select service, version, greatest(chosen.since, published.since) as since, least(chosen.until, published.until) as until
  from chosen join published using (calendar)
),
-- By which version time counts at the events that facts are about: that of the agreement's calendar, of which the first counts
-- for all that was before it, or else of the service's.
timed as materialized (
  select fact.*, coalesce(published.version, hours.version) as version
  from fact
  left join hours on hours.service = fact.service and fact.position >= hours.since
    and fact.position < coalesce(hours.until, fact.position + 1)
  left join agreed using (case_id)
  left join published on published.calendar = agreed.calendar and (published.is_first or fact.position >= published.since)
    and fact.position < coalesce(published.until, fact.position + 1)
  where {timed}
),
-- The clocks of the agreement, where they count.
clocked as materialized (
  select clock.* from sla.clock join fact using (case_id)
  where fact.place = 1 and clock.agreement_type = 'SLA' and clock.round = 1
    and clock.metric in ('response', 'resolution', 'fulfilment') and (clock.state <> 'excluded' or fact.excluded is not null)
),
