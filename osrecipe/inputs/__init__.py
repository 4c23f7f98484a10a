"""Files in, facts out: everything `compile` will know of the outside world is read here, and hashed.

Inputs are opened for reading only; nothing is extracted from an ISO to be looked at.
"""
