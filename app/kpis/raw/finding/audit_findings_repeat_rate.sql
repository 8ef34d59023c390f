-- parts: cases, excluded
-- audit_findings_repeat_rate: of the findings that the teams had not found themselves, those that name an earlier one.
decided as (
  select stream, rank, occurred_at as at, (repeats is not null)::integer as numerator, 1 as denominator
  from finding where not self_found
)
