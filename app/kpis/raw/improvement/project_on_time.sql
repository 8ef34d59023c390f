-- parts: cases, excluded
-- project_on_time, of improvements: those that were handed over by the date of the first plan that was approved, of those that were,
-- or that were not by then and were neither rejected nor reverted. That date is the latest of its milestones.
approved as (
  select stream, min(rank) as rank from event
  where type in ('improvement.plan_approved', 'improvement.plan_approved_by_decision', 'improvement.chartered_with_plan')
  group by stream
),
milestone as (
  select approved.stream, key, jsonb_object_agg(name, value order by event.rank) as known
  from approved
  join event on event.stream = approved.stream and event.rank <= approved.rank
  join recorded on recorded.stream = event.stream and recorded.version = event.version
  cross join lateral jsonb_each(data->'set') as one(key, row)
  cross join lateral jsonb_each(row) as field(name, value)
  where starts_with(key, 'milestone/') and row <> 'null'
  group by approved.stream, key
),
promise as (
  select stream, max((known->>'due_at')::timestamptz) as due_at from milestone where known->>'dropped_at' is null group by stream
),
handed as (
  select distinct on (stream) stream, rank, occurred_at from event where type = 'improvement.handed_over' order by stream, rank
),
decided as (
  select stream, case when met then rank end as rank, case when met then occurred_at else due_at end as at,
    met::integer as numerator, 1 as denominator
  from (
    select promise.stream, due_at, handed.rank, handed.occurred_at, coalesce(handed.occurred_at <= due_at, false) as met
    from promise left join handed using (stream) where due_at is not null
  ) judged
  where (met and occurred_at < %(now)s) or (not met and due_at < %(now)s and exists (
    select from turn where turn.stream = judged.stream and since < due_at and until >= due_at and state not in ('rejected', 'reverted')))
)
