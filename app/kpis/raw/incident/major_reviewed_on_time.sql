-- parts: cases
-- major_reviewed_on_time: of the major incidents with a final resolution, those that were reviewed behind it by the time that
-- it said a review was due, or within seven days where it said nothing.
ended as (
  select stand.stream, min(stand.rank) as rank
  from stand join going on going.stream = stand.stream and stand.rank > going.rank
  where state = 'ended' group by stand.stream
),
review as (
  select reviewed.stream, min(reviewed.occurred_at) as at
  from stand reviewed join ended on ended.stream = reviewed.stream and reviewed.rank > ended.rank
  where reviewed.type = 'incident.reviewed' group by reviewed.stream
),
decided as (
  select stream, rank, occurred_at as at,
    case when review.at <= coalesce((fields->>'review_due_at')::timestamptz, occurred_at + interval '168 hours') then 1
      else 0 end::bigint as numerator, 1 as denominator
  from resolution join resolved_with using (stream) left join review using (stream)
  where fields->>'declared_major_at' is not null
)
