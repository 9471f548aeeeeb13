"""A plain marketplace of orders with known truth, and the attacks on it that a reputation should survive.

`market.py` makes the clean marketplace, `scenarios.py` attacks it in the ways 1 to 10, `injection.py` holds the moves
of a search for the worst attack (11), `gates.py` the sizes and targets. None of them knows a score or how it is made.
"""
