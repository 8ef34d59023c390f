"""Records, actions and lifecycles, and how commands are performed on them.

Knows no HTTP, and no single process: lifecycles are passed to it.
"""
