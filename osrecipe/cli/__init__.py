"""The command line: one module for each command. It parses, wires the rooms together, prints, and exits.

At the top of these modules stand only typer and the standard library: all else is imported inside the commands, so
that `--help` and completion stay quick (a test says so).
"""
