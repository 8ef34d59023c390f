-- parts: cases, opening
-- incidents_opened: every incident that was reported, at its opening.
decided as (
  select stream, 1::bigint as rank, opened_at as at, true as opening from opening
)
