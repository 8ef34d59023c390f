"""The relay, against a real NATS server that is stopped and killed, and against a Kafka cluster in memory."""
