"""Records, actions and lifecycles, and how commands are performed on them.

The package depends on neither HTTP nor any single process: lifecycles are passed to it.
"""
