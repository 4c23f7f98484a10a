"""What is known about Windows, as data with sources: ordering rules, update kinds, targets, hives, store names.

Knowledge only: nothing here opens a file or carries anything out.
"""
