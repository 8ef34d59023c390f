"""Lists of records: tabs, filters, columns, saved views, and actions on many records."""
