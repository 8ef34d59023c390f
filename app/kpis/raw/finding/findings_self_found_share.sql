-- parts: cases, excluded
-- findings_self_found_share: of all findings those that the teams had found themselves.
decided as (
  select stream, rank, occurred_at as at, self_found::integer as numerator, 1 as denominator from finding
)
