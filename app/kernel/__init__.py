"""What a record, an action and a lifecycle are.

Knows no HTTP, and no process: lifecycles are handed to it.
"""
