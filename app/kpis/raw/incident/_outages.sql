-- What the definitions of outages have in common. For each window (a period up to now, or of a budget the year up to the
-- period's end) it says what was agreed, what of it each incident took, and which outages began.
--
-- What the log says of services, calendars and agreements.
spoken as (
  select split_part(stream, '/', 1) as kind, stream, version, date_trunc('second', occurred_at) as occurred_at,
    date_trunc('second', recorded_at) as recorded_at, data->'set' as news, data->'set'->stream as said
  from log.told
  where position <= %(position)s
    and (starts_with(stream, 'service/') or starts_with(stream, 'calendar/') or starts_with(stream, 'sla/'))
  offset 0
),
-- A service is live from when it went live until it was retired, and goes by a calendar from when it was given that.
served as (
  select stream, max(said->>'key') as service, min(occurred_at) filter (where said->>'state' = 'live') as live_from,
    coalesce(min(occurred_at) filter (where said->>'state' = 'retired'), 'infinity') as live_until
  from spoken where kind = 'service' group by stream
),
support as (
  select service, said->>'calendar' as calendar, occurred_at as since,
    lead(occurred_at, 1, 'infinity') over (partition by stream order by occurred_at, version) as until
  from spoken join served using (stream) where said ? 'calendar'
),
-- Each version of a calendar holds from its publication up to the next, the first also before. Of which time its spans
-- are known they say themselves.
edition as (
  select calendar, version_id, case when lag(published_at) over turns is null then '-infinity' else published_at end as since,
    lead(published_at, 1, 'infinity') over turns as until
  from (
    select stream, version, max(said->>'key') over (partition by stream) as calendar, (said->>'newest_id')::uuid as version_id,
      coalesce(date_trunc('second', (news->('calendar_version/' || (said->>'newest_id'))->>'published_at')::timestamptz),
        recorded_at) as published_at
    from spoken where kind = 'calendar'
  ) versions
  where version_id is not null
  window turns as (partition by stream order by version)
),
reach as (
  select edition.version_id, min(starts) as first_at, max(starts) as last_at
  from edition join business_time.calendar_span span on span.version = edition.version_id group by edition.version_id
),
-- The SLAs that were signed, as they were told last.
sla as (
  select split_part(stream, '/', 2)::uuid as agreement_id, fields, (fields->>'customer_id')::uuid as customer_id,
    coalesce(fields->'services' in ('null', '[]'), true) as of_all,
    coalesce(fields->'catalogue_items' in ('null', '[]'), true) as of_no_items,
    date_trunc('second', (fields->>'begins_at')::timestamptz) as begins_at,
    coalesce(date_trunc('second', (fields->>'ends_at')::timestamptz), 'infinity') as ends_at
  from (
    select stream, jsonb_object_agg(key, value order by version) as fields
    from spoken cross join lateral jsonb_each(said) where kind = 'sla' group by stream
  ) told
  where fields->>'agreement_type' = 'SLA' and fields->>'signed_at' is not null
    -- One that ended before it began was never in force.
    and date_trunc('second', (fields->>'begins_at')::timestamptz)
      < coalesce(date_trunc('second', (fields->>'ends_at')::timestamptz), 'infinity')
),
-- Which services each is for, and what it promises of their availability: by the target with the most conditions that fit.
covering as (
  select served.service, sla.*, promise.target
  from served
  join sla on case when customer_id is null then (of_all or fields->'services' ? service) and of_no_items
    else not of_all and fields->'services' ? service end
  left join lateral (
    select target
    from jsonb_array_elements(case when jsonb_typeof(fields->'targets') = 'array' then fields->'targets' else '[]' end)
      with ordinality as one(target, nth)
    where target->>'metric' = 'availability' and target->>'process' is null and target->>'priority' is null
      and target->>'category' is null and target->>'catalogue_item' is null
      and coalesce(target->>'service', served.service) = served.service
    order by target->>'service' is not null desc, nth limit 1
  ) promise on true
),
-- From one instant to the next at which something else may hold for a service. Then an SLA for it comes before the default,
-- and one that promises no availability leaves the service to its own hours.
instant as (
  select service, live_from as at from served where live_from is not null
  union select service, live_until from served
  union select service, since from support
  union select service, begins_at from covering where customer_id is null
  union select service, ends_at from covering where customer_id is null
),
phase as (
  select distinct on (between_two.service, between_two.since) between_two.*, covering.fields, covering.agreement_id, covering.target
  from (select service, at as since, lead(at) over (partition by service order by at) as until from instant) between_two
  left join covering on covering.service = between_two.service and customer_id is null
    and covering.begins_at <= between_two.since and covering.ends_at > between_two.since
  where between_two.until is not null
  order by between_two.service, between_two.since, of_all, covering.fields->>'signed_at', covering.agreement_id
),
holding_for as (
  select service, agreement_id, null::uuid as customer_id, since, until, fields, target,
    coalesce(target->>'calendar', fields->>'calendar') as calendar
  from phase where target is not null
  union all
  select phase.service, null, null, phase.since, phase.until, null, null, support.calendar
  from phase join served on served.service = phase.service and live_from <= phase.since and live_until > phase.since
  left join support on support.service = phase.service and support.since <= phase.since and support.until > phase.since
  where target is null
  union all
  select service, agreement_id, customer_id, begins_at, ends_at, fields, target, coalesce(target->>'calendar', fields->>'calendar')
  from covering where customer_id is not null and target is not null
),
-- The agreed time of each, as ranges: what the calendar has open, and all time where it is not known, or where there is none.
term as (
  select service, agreement_id, customer_id, (target->>'threshold')::numeric as promised,
    coalesce((fields->>'degraded_weight')::numeric, 0) as weight, coalesce(fields->>'maintenance_counts' = 'false', false) as spares,
    case when version_id is null then '{(,)}' else
      coalesce((
        select range_agg(tstzrange(starts, ends)) from business_time.calendar_span span
        where span.version = edition.version_id and starts < ends
      ), '{}') + case when first_at < last_at then '{(,)}' - tstzmultirange(tstzrange(first_at, last_at)) else '{(,)}' end
    end * tstzmultirange(tstzrange(greatest(holding_for.since, edition.since), least(holding_for.until, edition.until))) as open
  from holding_for
  left join edition on edition.calendar = holding_for.calendar and edition.since < holding_for.until
    and edition.until > holding_for.since
  left join reach using (version_id)
),
-- When degraded counts for a service, whatever the time of the day.
term_span as (
  select service, range_agg(tstzrange(since, until)) as ranges from holding_for
  where customer_id is null and (fields->>'degraded_weight')::numeric > 0 group by service
),
-- The windows of approved maintenance, by the services that it touches.
spared as (
  select service, range_agg(window_of) as windows from {change/_maintenance} maintenance group by service
),
-- How it was said to touch its service, each time up to another way: the same said again changes nothing. The effect told at
-- the opening holds before it, too.
effect as (
  select stream, effect, case when rank = 1 then '-infinity' else occurred_at end as since,
    lead(occurred_at, 1, 'infinity') over (partition by stream order by rank) as until
  from (
    select stream, rank, occurred_at, told->>'effect' as effect,
      lag(told->>'effect') over (partition by stream order by rank) as effect_before
    from event where told ? 'effect'
  ) said
  where effect is distinct from effect_before
),
-- Its turns: the first, and each that a reopening began.
beginning as (
  select stream, rank from (
    select stream, rank, state, lag(state) over (partition by stream order by rank) as state_before
    from stand where state in ('open', 'ended')
  ) stood
  where state = 'open' and state_before = 'ended'
),
counted_turn as (
  select event.stream, event.rank, event.occurred_at, event.told, event.type,
    count(beginning.rank) over (partition by event.stream order by event.rank) as turn
  from event left join beginning on beginning.stream = event.stream and beginning.rank = event.rank
),
lasting as (
  select stream, turn, min(occurred_at) as first_at,
    (array_agg(told->>'service_restored_at' order by rank desc) filter (where told ? 'service_restored_at'))[1]::timestamptz as restored_at,
    (array_agg(occurred_at order by rank desc) filter (where type = 'incident.resolved'))[1] as resolved_at,
    (array_agg(occurred_at order by rank desc) filter (where type = 'incident.closed'))[1] as closed_at
  from counted_turn group by stream, turn
),
-- What it says of itself at last.
finally as (
  select stream, min(position) filter (where rank = 1) as opened_position,
    (array_agg(told->>'service' order by rank desc) filter (where told ? 'service'))[1] as service,
    (array_agg(told->>'category' order by rank desc) filter (where told ? 'category'))[1] as category,
    (array_agg(told->>'began_at' order by rank desc) filter (where told ? 'began_at'))[1]::timestamptz as began_at,
    (array_agg(told->>'effect_reported_at' order by rank desc) filter (where told ? 'effect_reported_at'))[1] as only_reported
  from event group by stream
),
-- When each incident touched its service, in whole seconds, up to now. What users only report counts once it is confirmed.
outage as (
  select * from (
    select split_part(stream, '/', 2)::uuid as case_id, service, category, effect, opened_position,
      date_trunc('second', greatest(effect.since, case
        when turn = 0 then coalesce(began_at, opened_at) else greatest(first_at, opened_at) end)) as since,
      least(date_trunc('second', least(effect.until, restored_at, case
        when restored_at is null then coalesce(resolved_at, closed_at) end)), %(now)s) as until
    from effect join lasting using (stream) join finally using (stream) join opening using (stream) join last_turn using (stream)
    where effect in ('down', 'degraded') and service is not null and last_turn.state in ('open', 'ended')
      and only_reported is null
  ) told
  where since < until
),
-- Of several at once each second is that of the incident which began it first, of those that were down before the others.
alone as (
  select case_id, service, category, effect, tstzmultirange(tstzrange(begins, until)) as ranges
  from (
    select *, greatest(since, max(until) over (
      partition by service, effect order by since, opened_position, case_id, until
      rows between unbounded preceding and 1 preceding)) as begins
    from outage
  ) ordered
  where begins < until
),
fallen as (
  select service, range_agg(ranges) as ranges from alone where effect = 'down' group by service
),
-- What each took of what was agreed.
taken as (
  select term.service, term.agreement_id, term.customer_id, promised, case_id, category,
    case when effect = 'down' then 1 else weight end as weight,
    alone.ranges * term.open - case when effect = 'down' then '{}' else coalesce(fallen.ranges, '{}') end
      - case when spares then coalesce(spared.windows, '{}') else '{}' end as ranges
  from alone join term using (service) left join fallen using (service) left join spared using (service)
),
time_window as (
  select number, tstzrange(begin_at, end_at) as past, tstzrange(begin_at, last_at) as whole, promised as otherwise
  from unnest(%(numbers)s::integer[], %(begins)s::timestamptz[], %(ends)s::timestamptz[], %(lasts)s::timestamptz[],
    %(promised)s::numeric[]) as asked(number, begin_at, end_at, last_at, promised)
),
agreed_in as (
  select number, service, agreement_id, customer_id, sum(so_far) as seconds,
    sum(this_year * (1 - coalesce(promised, otherwise))) as allowed, sum(so_far * (1 - coalesce(promised, otherwise))) as allowed_by_now
  from time_window join term on term.open && whole and (not %(only_promised)s or coalesce(promised, otherwise) is not null)
  cross join lateral (
    select coalesce(sum(extract(epoch from upper(piece) - lower(piece))), 0) as this_year,
      coalesce(sum(extract(epoch from upper(piece * past) - lower(piece * past))), 0) as so_far
    from unnest(term.open * tstzmultirange(whole)) as one(piece)
  ) lengths
  group by number, service, agreement_id, customer_id
),
taken_in as (
  select number, service, agreement_id, customer_id, category, case_id, min(lower(piece)) as at,
    sum(extract(epoch from upper(piece) - lower(piece)) * weight) as seconds
  from time_window
  join taken on taken.ranges && past and (not %(only_promised)s or coalesce(promised, otherwise) is not null)
  cross join lateral unnest(taken.ranges * tstzmultirange(past)) as one(piece)
  where weight > 0
  group by number, service, agreement_id, customer_id, category, case_id
),
-- The stretches without a gap in which a service was affected, as far as that weighs. One counts if any of it was taken from
-- what was agreed, in the window in which it began, and is known by the incident with which it did.
weighing as (
  select service, case_id, category, opened_position, tstzrange(since, until) as range from outage where effect = 'down'
  union all
  select outage.service, case_id, category, opened_position, piece
  from outage join term_span on term_span.service = outage.service
  cross join lateral unnest(tstzmultirange(tstzrange(outage.since, outage.until)) * term_span.ranges) as one(piece)
  where effect = 'degraded'
),
outage_stretch as (
  select service, stretch from (
    select service, range_agg(range) as ranges from weighing group by service
  ) together cross join lateral unnest(ranges) as one(stretch)
),
begun_in as (
  select distinct on (number, outage_stretch.service, stretch) number, outage_stretch.service, category, case_id, lower(stretch) as at
  from time_window join outage_stretch on past @> lower(stretch)
  join weighing on weighing.service = outage_stretch.service and lower(range) = lower(stretch)
  where exists (
    select from taken where taken.service = outage_stretch.service and customer_id is null and weight > 0 and taken.ranges && stretch
  )
  order by number, outage_stretch.service, stretch, opened_position, case_id
)
