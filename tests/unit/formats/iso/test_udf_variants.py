"""UDF volumes of every revision and sector size that `mkudffs` makes: none is installation media, and that is said."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.iso import IsoReader

if TYPE_CHECKING:
    from pathlib import Path

REVISIONS = ("1.01", "1.02", "1.50", "2.00", "2.01")  # mkudffs 2.3 makes none above for such media


@pytest.mark.parametrize("sector", [512, 2048, 4096])
@pytest.mark.parametrize("revision", REVISIONS)
def test_a_volume_of_udf_alone_is_refused_by_name(tmp_path: Path, revision: str, sector: int) -> None:
    """A volume without the ISO9660 part is no damaged ISO: the reason says what it is."""
    if shutil.which("mkudffs") is None:
        pytest.skip("needed to make a UDF volume: `mkudffs`")
    path = tmp_path / "volume.img"
    with path.open("wb") as file:
        file.truncate(16 << 20)
    kind = ["--media-type=hd", f"--blocksize={sector}", f"--udfrev={revision}"]
    subprocess.run(["mkudffs", *kind, str(path)], check=True, capture_output=True)
    with pytest.raises(FormatError, match="only a UDF file system") as caught:
        IsoReader(path)
    assert Fault.UNSUPPORTED is caught.value.fault
