-- parts: cases
-- reopened_share: of the incidents with a final resolution, those that had ended before and begun again.
decided as (
  select stream, rank, occurred_at as at, case when stream in (select stream from again) then 1 else 0 end as numerator,
    1 as denominator
  from resolution
)
