-- parts: cases, opening
-- resolution_rate, of incidents: of those that were opened, those that have a final resolution, and were not taken up again
-- within the days that were agreed. Beside it: those that have one.
decided as (
  select stream, 1::bigint as rank, opened_at as at,
    (stream in (select stream from resolution where occurred_at < %(now)s))::integer::bigint as seconds,
    (stream in (select stream from resolution where occurred_at < %(now)s) and stream not in (select stream from taken_up))::integer as numerator,
    1 as denominator, true as opening
  from opening
)
