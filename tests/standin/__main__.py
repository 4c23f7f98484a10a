"""Starts the stand-in: `python -m standin …`."""

from __future__ import annotations

import os
import sys

from standin.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
