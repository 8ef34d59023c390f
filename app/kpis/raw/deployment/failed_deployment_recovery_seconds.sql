-- parts: cases
-- failed_deployment_recovery_seconds: of the failed deployments that were made good, how long after they had ended.
decided as (
  select stream, rank, restored_at as at, greatest(round(extract(epoch from restored_at - at)), 0)::bigint as seconds
  from restored where restored_at is not null
)
