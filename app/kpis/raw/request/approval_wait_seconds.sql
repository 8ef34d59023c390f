-- approval_wait_seconds: of the waits for an approval that an answer ended, how long they were.
decided as (
  select stream, rank, occurred_at as at, round(extract(epoch from since - since_before))::bigint as seconds,
    null::bigint as numerator, null::bigint as denominator, false as standing
  from turn where type in ('request.approved', 'request.refused') and state_before = 'awaiting_approval'
)
