"""Where the genuine cabinets are, and how test cabinets are authored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cabarchive
import pytest

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "data" / "cab"

Author = Callable[..., Path]


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of libmspack's test cabinets."""
    if not SAMPLES.is_dir():
        pytest.skip("libmspack's test cabinets are not beside the checkout: ../shared/data/cab")
    return SAMPLES


@pytest.fixture
def author(tmp_path: Path) -> Author:
    """Write a cabinet from name-to-bytes pairs and return its path."""

    def write(files: dict[str, bytes], *, compress: bool = True, name: str = "authored.cab") -> Path:
        archive = cabarchive.CabArchive()
        for file_name, data in files.items():
            archive[file_name] = cabarchive.CabFile(data)
        path = tmp_path / name
        path.write_bytes(archive.save(compress=compress))
        return path

    return write
