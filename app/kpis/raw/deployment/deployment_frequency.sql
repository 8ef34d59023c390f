-- parts: cases
-- deployment_frequency: the deployments into production that succeeded, each as it ended.
decided as (
  select stream, rank, at, 1 as numerator from ended where state = 'succeeded'
)
