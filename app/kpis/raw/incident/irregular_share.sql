-- parts: cases, opening
-- irregular_share: of the incidents opened, those with an event that did not fit the lifecycle.
decided as (
  select stream, 1::bigint as rank, opened_at as at, null::bigint as seconds,
    case when stream in (select stream from event where irregular) then 1 else 0 end::bigint as numerator,
    1::bigint as denominator, false as standing, true as opening
  from opening
)
