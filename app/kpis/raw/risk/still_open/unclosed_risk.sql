-- parts: cases, open
-- The risks that are not closed at each of the instants `ends`; `at` is the instant.
decided as (
  select stream, null::bigint as rank, at, seconds, on_hold from alive where state <> 'closed'
)
