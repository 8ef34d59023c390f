-- parts: rows
-- The windows of the changes that were approved before they began, and not called off, for each service that they touch.
promise as (
  select stream,
    (array_agg(told->>'window_from_at' order by rank desc) filter (where told ? 'window_from_at'))[1]::timestamptz as from_at,
    (array_agg(told->>'window_until_at' order by rank desc) filter (where told ? 'window_until_at'))[1]::timestamptz as until_at,
    (array_agg(told->>'service' order by rank desc) filter (where told ? 'service'))[1] as service,
    (array_agg(told->'services' order by rank desc) filter (where told ? 'services'))[1] as services
  from event group by stream
),
approval as (
  select stream, min(occurred_at) as approved_at from turn where state in ('approved', 'scheduled') group by stream
)
select touched.service, tstzrange(date_trunc('second', from_at), date_trunc('second', until_at)) as window_of
from promise join approval using (stream) join last_turn using (stream)
cross join lateral (
  select promise.service where promise.service is not null
  union
  select jsonb_array_elements_text(case when jsonb_typeof(services) = 'array' then services else '[]' end)
) touched(service)
where approved_at <= from_at and date_trunc('second', from_at) < date_trunc('second', until_at)
  and state not in ('cancelled', 'rejected')
