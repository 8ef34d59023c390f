-- parts: cases, opening
-- late_recording_share: of the openings and final resolutions of incidents, those recorded more than a day later; imports
-- apart.
decided as (
  select stream, rank, recorded_at as at, case when round(extract(epoch from delay)) > 86400 then 1 else 0 end as numerator,
    1 as denominator, rank = 1 as opening
  from recording
)
