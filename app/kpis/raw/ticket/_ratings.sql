-- What definitions of ratings begin with besides: what each rating by a requester changed, and the first score. The same score
-- given again is not told again; nor is whether it is by staff, unless that is otherwise.
said_of_it as (
  select event.stream, event.rank, event.occurred_at, (said.row->>'score')::bigint as score, said.row ? 'by_staff' as says_whose,
    said.row->>'by_staff' = 'true' as by_staff
  from event join recorded using (stream, version)
  cross join lateral jsonb_each(recorded.data->'set') as said(name, row)
  where event.type = '{process}.rated' and starts_with(said.name, 'rating/')
),
first_rating as (
  select distinct on (stream) stream, rank, occurred_at from said_of_it where score is not null order by stream, rank
),
-- What was said within 30 days of the first time.
in_time as (
  select said_of_it.* from said_of_it join first_rating using (stream)
  where said_of_it.occurred_at <= first_rating.occurred_at + interval '720 hours'
),
last_rating as (
  select distinct on (stream) stream, score from in_time where score is not null order by stream, rank desc
),
-- Of whose rating was said last that it is by staff counts as none.
of_staff as (
  select stream, 'staff' as left_out
  from (select distinct on (stream) stream, by_staff from in_time where says_whose order by stream, rank desc) whose
  where by_staff
),
