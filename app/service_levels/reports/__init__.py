"""Service reports of agreements, once issued: frozen editions, corrections, released consequences."""
