-- parts: cases
-- standard_lead_seconds: of the requests of the standard path that were delivered for good, how long after they were
-- submitted.
-- Numerator: the same in business time.
decided as (
  select stream, rank, at, seconds, business_seconds as numerator
  from delivery_time where path = 'standard'
)
