-- What definitions of complaints begin with besides: each complaint, its answer, and whether it was merged into another one,
-- which counts for both.
complaint_row as (
  select event.stream, event.rank, event.occurred_at, event.type, said.name, said.row
  from event join recorded using (stream, version)
  cross join lateral jsonb_each(recorded.data->'set') as said(name, row)
  where starts_with(said.name, 'complaint/') and said.row <> 'null'
    and event.type in ('{process}.complained', '{process}.complaint_answered', '{process}.complaint_merged')
),
made as (
  select distinct on (stream, name) stream, name, rank, occurred_at as complained_at
  from complaint_row where type = '{process}.complained' order by stream, name, rank
),
answer as (
  select distinct on (stream, name) stream, name, rank as answer_rank, occurred_at as answered_at
  from complaint_row where type = '{process}.complaint_answered' and complaint_row.row->>'answered_at' is not null
  order by stream, name, rank
),
said_of_it as (
  select stream, name, max(complaint_row.row->>'subject') as subject, max((complaint_row.row->>'due_at')::timestamptz) as due_at,
    max(case when complaint_row.row->>'merged_at' is not null then 'duplicate' end) as left_out
  from complaint_row group by stream, name
),
complaint as (
  select made.*, answer_rank, answered_at, subject, due_at, left_out
  from made join said_of_it using (stream, name) left join answer using (stream, name)
),
