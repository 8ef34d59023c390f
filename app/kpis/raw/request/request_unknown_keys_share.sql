-- parts: cases, opening, catalogue
-- request_unknown_keys_share: of the requests submitted, those whose submission names a service, an item or a category that was not there.
decided as (
  select stream, 1::bigint as rank, opened_at as at, (stream in (select stream from unknown_key))::integer as numerator,
    1 as denominator, true as opening
  from opening
)
