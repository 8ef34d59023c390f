-- parts: cases, opening
-- resolution_rate, of requests: of those that were submitted, those that have been delivered for good, and were not taken up
-- again within the days that were agreed. Beside it: those that are no longer open.
decided as (
  select stream, 1::bigint as rank, opened_at as at,
    (stream in (select stream from last_turn where state in ('delivered', 'closed'))
      and stream not in (select stream from ending where occurred_at >= %(now)s))::integer::bigint as seconds,
    (stream in (select stream from ending where occurred_at < %(now)s) and stream not in (select stream from taken_up))::integer as numerator,
    1 as denominator, true as opening
  from opening
)
