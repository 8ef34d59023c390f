-- What definitions of incidents and requests begin with besides: by which calendar the time of a case counts.
-- Which calendar a service was given, and which version of a calendar was its newest, from a position of the log up to another.
chosen as (
  select service, calendar, position as since, lead(position) over (partition by service order by position) as until
  from (
    select max(said->>'key') over (partition by stream) as service, position, said ? 'calendar' as given, said->>'calendar' as calendar
    from (
      select stream, position, data->'set'->stream as said from log.told
      where starts_with(stream, 'service/') and position <= %(position)s
    ) of_service
  ) told
  where given
),
published as (
  select calendar, (told->>'newest_id')::uuid as version, position as since,
    lead(position) over (partition by calendar order by position) as until
  from calendar_told where told->>'newest_id' is not null
),
-- By which version the time of each case counted at each of its events by its service, as both were known then.
by_service as (
  select serving.stream, serving.rank, serving.position, published.version
  from (
    select stream, rank, position, max(told->>'service') over (partition by stream, services) as service
    from (
      select stream, rank, position, told, count(*) filter (where told ? 'service') over (partition by stream order by rank) as services
      from event
    ) served
  ) serving
  left join chosen on chosen.service = serving.service and chosen.since <= serving.position
    and (chosen.until is null or chosen.until > serving.position)
  left join published on published.calendar = chosen.calendar and published.since <= serving.position
    and (published.until is null or published.until > serving.position)
),
-- What its agreement says of a case: by which calendar its time counts, and in how many days it may be reopened.
of_agreement as (
  select distinct on (agreed.stream) agreed.stream, fields->>'calendar' as calendar, (fields->>'reopen_days')::integer as reopen_days
  from agreed join agreement on agreement.id = agreement_id and agreement.since = known_since
  where agreed.until = 'infinity' order by agreed.stream, agreed.rank desc
),
-- By which version the time of each case counted at each of its events: that of the agreement's calendar, or else of the
-- service's.
by_hours as (
  select by_service.stream, by_service.rank, coalesce(calendar_version.version, by_service.version) as version
  from by_service left join of_agreement using (stream)
  left join calendar_version on calendar_version.calendar = of_agreement.calendar
    and calendar_version.since <= by_service.position
    and (calendar_version.until is null or calendar_version.until > by_service.position)
),
-- When the clocks of agreements ran, by the target that was in force last.
clock_run as (
  select stream, metric, clock_stretch.version, from_at, until
  from clock join clock_stretch using (stream, metric, round, agreement_id, known_since, target_id)
  where round = 1 and not clock.excluded
),
-- In what time an end is no end yet: as was agreed, or a week.
reopening as (
  select stream, make_interval(hours => 24 * coalesce(
    (array_agg(told->>'reopen_days' order by rank desc) filter (where told ? 'reopen_days'))[1]::integer, max(reopen_days), 7)) as within
  from event left join of_agreement using (stream) group by stream
),
