-- parts: cases, opening
-- irregular_share: of the incidents opened, those with an event that did not fit the lifecycle.
decided as (
  select stream, 1::bigint as rank, opened_at as at,
    case when stream in (select stream from event where irregular) then 1 else 0 end as numerator, 1 as denominator,
    true as opening
  from opening
)
