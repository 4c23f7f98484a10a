"""Wine for tests: prefixes, Windows CPython in one of them, and what Windows programs there need from the host."""
