"""Facts in columns, in addition to PostgreSQL: exported as Parquet, and read by DuckDB or Spark."""
