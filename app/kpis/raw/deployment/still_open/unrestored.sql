-- parts: cases, open
-- The failed deployments that are not made good at each of the instants `ends`, with the time since they ended; `at` is the
-- instant.
decided as (
  select restored.stream, null::bigint as rank, moment.at,
    floor(extract(epoch from moment.at - restored.at))::bigint as seconds, false as on_hold
  from restored join unnest(%(ends)s::timestamptz[]) as moment(at)
    on restored.at < moment.at and coalesce(restored.restored_at, 'infinity') >= moment.at
)
