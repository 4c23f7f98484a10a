"""Recipe and facts in, plan out. Pure: no file is opened, no clock read, no environment, no process (a test says so)."""

from osrecipe.plan.compile import compile_plan
from osrecipe.plan.refusals import refusals

__all__ = ["compile_plan", "refusals"]
