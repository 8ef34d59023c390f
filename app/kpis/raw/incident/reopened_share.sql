-- parts: cases
-- reopened_share: of the incidents with a final resolution, those that had ended before and begun again.
decided as (
  select stream, rank, occurred_at as at, null::bigint as seconds,
    case when stream in (select stream from again) then 1 else 0 end::bigint as numerator, 1::bigint as denominator,
    false as standing
  from resolution
)
