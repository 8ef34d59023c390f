-- parts: cases
-- deployment_failure_rate: of the deployments that came into production, or did harm on their way there, those that were
-- taken back or are confirmed as the cause of an incident.
decided as (
  select stream, rank, at, failed::integer as numerator, 1 as denominator from arrived
)
