-- parts: cases, open, complaints
-- The complaints that wait for an answer at each of the instants `ends`, with their age; `at` is the instant. What is known of
-- the case is as of the complaint.
decided as (
  select stream, rank, moment.at, floor(extract(epoch from moment.at - complained_at))::bigint as seconds, false as on_hold,
    subject
  from complaint join unnest(%(ends)s::timestamptz[]) as moment(at)
    on complained_at < moment.at and coalesce(answered_at, 'infinity') >= moment.at
  where left_out is null
)
