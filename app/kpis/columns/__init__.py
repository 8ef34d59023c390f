"""Facts in columns, beside PostgreSQL: exported as Parquet, and answered from by DuckDB or Spark."""
