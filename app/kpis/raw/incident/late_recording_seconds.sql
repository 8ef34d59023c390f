-- parts: cases, opening
-- late_recording_seconds: from when incidents were opened and finally resolved to when that was recorded; imports apart.
decided as (
  select stream, rank, recorded_at as at, greatest(round(extract(epoch from delay))::bigint, 0) as seconds, rank = 1 as opening
  from recording
)
