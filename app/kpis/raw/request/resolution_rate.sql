-- resolution_rate: of the requests that were submitted, those that have been delivered, and were not taken up again
-- within the days that were agreed.
decided as (
  select stream, 1::bigint as rank, opened_at as at, null::bigint as seconds,
    case when stream in (select stream from ending) and stream not in (select stream from taken_up) then 1 else 0 end::bigint
      as numerator, 1::bigint as denominator, false as standing, true as opening
  from opening
)
