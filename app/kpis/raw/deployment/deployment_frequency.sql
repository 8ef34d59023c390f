-- parts: cases
-- deployment_frequency: the deployments into production that succeeded, each as it ended.
decided as (
  select stream, rank, at, null::bigint as seconds, 1::bigint as numerator, null::bigint as denominator, false as standing
  from ended where state = 'succeeded'
)
