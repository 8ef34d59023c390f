-- How the cases went that have events from position `first` to `last`, made anew from all their events up to `last`; so it does
-- not matter in which spans the log is taken, nor how late an event comes. Each of the last parts is named as a table of
-- schema kpi, and holds the rows that these cases should have there.
with touched as (
  select stream, min(version) as version from log.event
  where position between %(first)s and %(last)s and split_part(stream, '/', 1) = any(%(kinds)s::text[])
  group by stream
),
begun as (
  select split_part(stream, '/', 2)::uuid as case_id from touched where version > 1
),
