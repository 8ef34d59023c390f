"""The event log: appending, reading and following events. Knows no process of the ticketing domain and no
HTTP.
"""
