-- parts: cases, complaints
-- complaint_answer_km: every complaint, when it was made, with the seconds until it was answered, or up to now; numerator:
-- whether it was.
decided as (
  select stream, rank, complained_at as at,
    case when answered_at < %(now)s then greatest(round(extract(epoch from answered_at - complained_at)), 0)
      else floor(extract(epoch from %(now)s - complained_at)) end::bigint as seconds,
    case when answered_at < %(now)s then 1 else 0 end as numerator, 1 as denominator, true as standing, subject, left_out
  from complaint where complained_at < %(now)s
)
