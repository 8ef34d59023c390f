-- What definitions begin with that need the agreements with customers: which one covered a case, and what it aimed at.
-- Calendars, each with its zone and the version that was its newest from a position of the log on up to another.
calendar_told as (
  select max(told->>'key') over (partition by stream) as calendar, position, told
  from (
    select stream, position, data->'set'->stream as told from log.told
    where starts_with(stream, 'calendar/') and position <= %(position)s
  ) of_calendar
),
calendar_version as (
  -- A history may be older than the calendar: before its first version that one counts.
  select calendar, (told->>'newest_id')::uuid as version,
    case when lag(position) over life is not null then position else 0 end as since, lead(position) over life as until
  from calendar_told where told->>'newest_id' is not null window life as (partition by calendar order by position)
),
calendar_zone as (
  select distinct on (calendar) calendar, told->>'time_zone' as zone
  from calendar_told where told->>'time_zone' is not null order by calendar, position desc
),
-- Agreements after each of their events: every field as it was told last.
agreement_told as (
  select stream, position, type, data->'set'->stream as told from log.told
  where starts_with(stream, 'sla/') and position <= %(position)s
),
agreement_known as (
  select stream, position as since, lead(position) over (partition by stream order by position) as until, (
    select jsonb_object_agg(key, value order by before.position)
    from agreement_told before cross join lateral jsonb_each(before.told)
    where before.stream = agreement_told.stream and before.position <= agreement_told.position
  ) as fields
  from agreement_told
),
-- From its signature on, and when that was in force: whole days in the zone of its calendar.
agreement as (
  select id, since, until, signed_position, fields, (fields->>'signed_at')::timestamptz as signed_at,
    fields->>'replaces_id' as replaces_id, fields->>'customer_id' as customer,
    -- A midnight that a zone has twice begins a day when it is there first, and ends one when it is there again.
    case when (begins - interval '1 hour') at time zone zone = begins at time zone zone then begins - interval '1 hour'
      else begins end as valid_from,
    ends as valid_until, coalesce((fields->>'ended_at')::timestamptz, 'infinity') as ended_at,
    nullif(fields->'services', '[]') as services, nullif(fields->'catalogue_items', '[]') as items
  from (
    select split_part(stream, '/', 2)::uuid as id, since, until, signed_position, zone, (
        select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(fields) where value <> 'null'
      ) as fields,
      (fields->>'valid_from')::date::timestamp at time zone zone as begins,
      coalesce(((fields->>'valid_to')::date + 1)::timestamp at time zone zone, 'infinity') as ends
    from agreement_known
    join (
      select stream, min(position) as signed_position from agreement_told where type = 'sla.signed' group by stream
    ) signature using (stream)
    cross join lateral (
      select coalesce((select zone from calendar_zone where calendar = fields->>'calendar'), 'UTC') as zone offset 0
    ) of_calendar
    where fields->>'agreement_type' = 'SLA' and since >= signed_position
  ) signed
),
-- What agreements and targets are chosen by, from each event that tells any of it up to the next such.
trait_told as (
  select stream, rank, date_trunc('second', greatest(occurred_at, opened_at)) as since, told,
    count(*) filter (where told ? 'priority') over life as priorities,
    count(*) filter (where told ? 'service') over life as services,
    count(*) filter (where told ? 'category') over life as categories,
    count(*) filter (where told ? 'customer_id') over life as customers,
    count(*) filter (where told ? 'item') over life as items
  from event join opening using (stream)
  where (rank = 1 or told ?| array['priority', 'service', 'category', 'customer_id', 'item']) and exists (select from agreement)
  window life as (partition by stream order by rank)
),
trait as (
  select stream, rank, since, lead(since, 1, 'infinity') over (partition by stream order by rank) as until,
    lead(rank) over (partition by stream order by rank) as next_rank,
    coalesce(max(told->>'priority') over (partition by stream, priorities), '') as priority,
    coalesce(max(told->>'service') over (partition by stream, services), '') as service,
    coalesce(max(told->>'category') over (partition by stream, categories), '') as category,
    coalesce(max(told->>'customer_id') over (partition by stream, customers), '') as customer,
    coalesce(max(told->>'item') over (partition by stream, items), '') as item
  from trait_told
),
opened as (
  select event.stream, opening.opened_at, position as opened_position, starts_with(source, 'import:') as imported
  from event join opening using (stream) where rank = 1
),
-- Which agreement covers which of all that occurs, whenever that was in force. There are four forms, and the more special one
-- goes first.
covered as (
  select scope.service, scope.customer, scope.item, agreement.id, since, until, signed_position, signed_at, valid_from, valid_until,
    ended_at, case when agreement.items is not null then 4 when agreement.customer is not null then 3
      when services is not null then 2 else 1 end as form
  from (select distinct service, customer, item from trait) scope
  join agreement on (services is null or services ? scope.service)
    and (agreement.customer is null or agreement.customer = scope.customer) and (items is null or items ? scope.item)
  where services is not null or (agreement.customer is null and items is null)
    and (items is null or agreement.customer is not null)
),
-- Which agreements were in force at its opening, by what was known before that; of a history by what is known at all. One
-- whose place another has taken is not.
in_force as (
  select stream, id, since from opened join agreement on opened_at >= valid_from and opened_at < valid_until and opened_at < ended_at
    and case when imported then until is null
      else since < opened_position and (until is null or until >= opened_position) and signed_at <= opened_at end
  where not exists (
    select from agreement other where other.replaces_id = agreement.id::text and opened_at >= other.valid_from
      and case when imported then true else other.signed_position < opened_position and other.signed_at <= opened_at end)
),
agreed as (
  select distinct on (trait.stream, trait.rank) trait.*, id as agreement_id, covered.since as known_since,
    case form when 4 then 'service_customer_item' when 3 then 'service_customer' when 2 then 'service' else 'default' end as why
  from trait join covered using (service, customer, item) join in_force using (stream, id)
  -- Of what was told of one instant only the last was ever so.
  where in_force.since = covered.since and trait.since < trait.until
  order by trait.stream, trait.rank, form desc, signed_position
),
-- What it aims at: of the targets of a metric the one with the most conditions that all fit.
target as (
  select id as agreement_id, since as known_since, nth, told->>'id' as target_id, told->>'metric' as metric,
    told->>'process' as process, told->>'priority' as of_priority, told->>'category' as of_category,
    told->>'service' as of_service, told->>'catalogue_item' as of_item,
    (told->>'threshold_seconds')::bigint as threshold, coalesce(told->>'calendar', fields->>'calendar') as calendar,
    coalesce(nullif(told->'pause_reasons', 'null'), '[]') as pause_reasons,
    coalesce(nullif(told->'pause_states', 'null'), '[]') as pause_states,
    -- Its first warning at three quarters of the target or above.
    (
      select min(percent::integer) from jsonb_array_elements_text(nullif(told->'warning_percents', 'null')) percent
      where percent::integer >= 75
    ) as warned_percent,
    num_nonnulls(told->>'process', told->>'priority', told->>'category', told->>'service', told->>'catalogue_item') as conditions
  from agreement cross join lateral jsonb_array_elements(fields->'targets') with ordinality said(told, nth)
  where told->>'metric' in ('response', 'resolution', 'restore', 'fulfilment', 'update') and told->>'threshold_seconds' is not null
),
aim as (
  select distinct on (agreed.stream, agreed.rank, metric) agreed.stream, agreed.rank, agreed.since, agreed.until, next_rank, metric,
    agreement_id, known_since, target_id, why, threshold, target.calendar, pause_reasons, pause_states, warned_percent
  from agreed join target using (agreement_id, known_since)
  where (process is null or process = '{process}') and (of_priority is null or of_priority = priority)
    and (of_category is null or of_category = category) and (of_service is null or of_service = service)
    and (of_item is null or of_item = item)
  order by agreed.stream, agreed.rank, metric, conditions desc, nth
),
-- What a clock aims at: mostly one target, several where that changed.
clock_target as (
  select distinct stream, metric, agreement_id, known_since, target_id, threshold, calendar, pause_reasons, pause_states,
    warned_percent
  from aim
),
clock_aimed as (
  select distinct stream, metric from clock_target
),
