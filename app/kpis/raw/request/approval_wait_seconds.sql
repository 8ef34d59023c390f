-- parts: cases
-- approval_wait_seconds: of the waits for an approval that an answer ended, how long they were. Asked anew it goes on, and
-- what it was on hold is taken away.
wait as (
  select *, count(*) filter (where state not in ('awaiting_approval', 'on_hold')) over (partition by stream order by rank) as wait
  from turn
),
decided as (
  select answer.stream, answer.rank, answer.occurred_at as at,
    round(sum(extract(epoch from waited.until - waited.since)))::bigint as seconds
  from wait answer join wait waited on waited.stream = answer.stream and waited.wait = answer.wait - 1
  where answer.type in ('request.approved', 'request.refused') and waited.state = 'awaiting_approval'
  group by answer.stream, answer.rank, answer.occurred_at
)
