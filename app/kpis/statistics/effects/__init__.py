"""The statistics of measured effects: pure functions over the cases of two windows (or four, with a control).

Methods and their sources: docs/decisions/0213. scipy is slow to load: nothing that starts the service imports
the modules of this package but `codes` and `samples`.
"""
