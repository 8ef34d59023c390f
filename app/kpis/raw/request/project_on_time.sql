-- parts: cases
-- project_on_time: of the requests that were delivered for good by the date of the first plan that was approved, or not by
-- then, those that were. One that was not counts at the instant at which the time ran out.
decided as (
  select stream, rank, at, met::integer as numerator, 1 as denominator from judged_promise where promised_by = 'plan'
)
