"""Lists of records: filters, orders, pages, views and searches."""
