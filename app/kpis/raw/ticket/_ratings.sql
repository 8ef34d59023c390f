-- What definitions of ratings begin with besides: each score that a requester gave, and the first one. A rating of which was
-- said that it was by staff counts as none.
score as (
  select event.stream, event.rank, event.occurred_at, (said.row->>'score')::bigint as score,
    said.row->>'by_staff' = 'true' as by_staff
  from event join recorded using (stream, version)
  cross join lateral jsonb_each(recorded.data->'set') as said(name, row)
  where event.type = '{process}.rated' and starts_with(said.name, 'rating/') and said.row->>'score' is not null
),
first_rating as (
  select distinct on (stream) stream, rank, occurred_at from score order by stream, rank
),
-- What was said last within 30 days of the first time.
last_rating as (
  select distinct on (score.stream) score.stream, score.score
  from score join first_rating using (stream)
  where score.occurred_at <= first_rating.occurred_at + interval '720 hours'
  order by score.stream, score.rank desc
),
of_staff as (
  select stream, max('staff') as left_out from score where by_staff group by stream
),
