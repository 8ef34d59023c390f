"""The relay: it publishes the log to a broker (NATS JetStream or Kafka) as CloudEvents, each position once
and in order. How far it has come it reads from the broker itself (decision 0176).
"""
