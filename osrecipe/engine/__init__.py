"""The engine: assess a plan, run it, and leave nothing behind.

It knows protocols only (adapter, executor, monitor): it starts no process, prints nothing and decides no ordering.
Three channels are kept apart: the journal is durable truth, the monitor a lossy display, logs are what tools printed.
"""
