-- parts: cases
-- request_on_time: of the requests that were delivered for good in the time that their catalogue item promises, or not by
-- then, those that were. One that was not counts at the instant at which the time ran out.
decided as (
  select stream, rank, at, met::integer as numerator, 1 as denominator from judged_promise where promised_by = 'item'
)
