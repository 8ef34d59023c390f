"""Every KPI a second time, in plain loops over the events, written from the words of the catalogue and of the
decisions.

Nothing here has seen the SQL of the facts or of the raw definitions. It gives the cases of each KPI, and what
they come to in each period and cut; `test_random_histories.py` holds the product to it.
"""
