"""The relay: it publishes the log to a broker (NATS JetStream or Kafka) as CloudEvents, each position once and in
order. How far it has come it reads from the broker itself (docs/decisions/0176-the-broker-is-the-checkpoint.md).
"""
