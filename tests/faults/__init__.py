"""Faults at random places of a model of the quick start, after which everything acknowledged must be there, once.

`make faults SEEDS=200` runs seeds 0 to 199, `make faults SEED=17` repeats one (docs/faults.md).
"""
