"""Full-text search of records, in Chinese and English."""
