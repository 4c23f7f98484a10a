"""A registry hive in memory: made from nothing or from a file's bytes, edited, and given back as bytes.

It must not open files; callers hand in bytes.
"""

from __future__ import annotations

from osrecipe.formats.errors import Fault, FormatError
from osrecipe.formats.hive import header, keys, logs, nodes
from osrecipe.formats.hive.cells import Cells
from osrecipe.formats.hive.keys import Key, Tree
from osrecipe.formats.hive.layout import (
    BASE_SIZE,
    FORMAT,
    KEY_NO_DELETE,
    KEY_ROOT,
    NIL,
    NK_SECURITY,
)
from osrecipe.formats.hive.security import SecurityRing, default_descriptor

DEFAULT_TIMESTAMP = 132223104000000000
"""2020-01-01T00:00:00Z as a FILETIME: what `Hive.create` writes unless told."""
_NEW_MINOR = 5


class Hive:
    """One hive.

    Attributes:
        recovered: whether transaction logs were replayed to load it.
    """

    def __init__(self, block: bytearray, tree: Tree, sequence: int, *, recovered: bool) -> None:
        """Take parts that belong together; use `create` or `load`."""
        self._block = block
        self._tree = tree
        self._sequence = sequence
        self._root = tree.key(tree.root, None)
        self.recovered = recovered

    @classmethod
    def create(
        cls, root_name: str = "ROOT", *, security: bytes | None = None, timestamp: int = DEFAULT_TIMESTAMP
    ) -> Hive:
        """A hive that holds only a root key.

        Args:
            root_name: the root key's name; nothing depends on it.
            security: the root's self-relative descriptor; the default lets Administrators and SYSTEM write, Users read.
            timestamp: a FILETIME for the header, the root and what is written later (see `now`).

        Raises:
            FormatError: the name or the descriptor can't be stored.
        """
        keys.require_key_name(root_name)
        _filetime(timestamp)
        cells = Cells(bytearray())
        ring, first = SecurityRing.create(cells, default_descriptor() if security is None else security)
        root = nodes.create(
            cells, root_name, flags=KEY_ROOT | KEY_NO_DELETE, timestamp=timestamp, parent=NIL, security=first
        )
        tree = Tree(cells, ring, root, _NEW_MINOR, timestamp)
        return cls(header.new(timestamp, _NEW_MINOR), tree, 0, recovered=False)

    @classmethod
    def load(
        cls,
        data: bytes,
        *,
        log1: bytes | None = None,
        log2: bytes | None = None,
        timestamp: int | None = None,
    ) -> Hive:
        """Read a hive. One whose last write was not finished is completed from its logs.

        Args:
            data: the primary file.
            log1: the `.LOG1` (or `.LOG`) file.
            log2: the `.LOG2` file.
            timestamp: a FILETIME for what is written later (see `now`); the file's own if not given.

        Raises:
            FormatError: the file is damaged, or dirty (`hive/dirty`) and the logs don't complete it.
        """
        base = header.parse(data)
        if base.kind != header.FILE_PRIMARY:
            raise FormatError(FORMAT, Fault.UNSUPPORTED, "the file is a hive's transaction log", offset=28)
        recovered = not base.clean
        if recovered:
            data = logs.recover(data, base, [log for log in (log1, log2) if log])
            base = header.parse(data)
        if len(data) < BASE_SIZE + base.size:
            raise FormatError(FORMAT, Fault.TRUNCATED, "the hive is shorter than it states", offset=len(data))
        cells = Cells(bytearray(data[BASE_SIZE : BASE_SIZE + base.size]))
        nodes.read_name(cells, base.root)
        nodes.claim(cells, base.root)
        ring = SecurityRing(cells, cells.u32(base.root, NK_SECURITY))
        tree = Tree(
            cells, ring, base.root, base.minor, base.timestamp if timestamp is None else _filetime(timestamp)
        )
        return cls(bytearray(data[:BASE_SIZE]), tree, base.sequence2, recovered=recovered)

    @property
    def root(self) -> Key:
        """The root key."""
        return self._root

    @property
    def version(self) -> str:
        """The format's version, such as `1.5`."""
        return f"1.{self._tree.minor}"

    @property
    def now(self) -> int:
        """The time written to keys that change, a FILETIME; at first the file's own last write."""
        return self._tree.now

    @now.setter
    def now(self, timestamp: int) -> None:
        self._tree.now = _filetime(timestamp)

    def key(self, path: str) -> Key | None:
        """The key at a path below the root, names joined by backslashes, in any case; the empty path is the root.

        Symbolic links are not followed.
        """
        key: Key | None = self._root
        for name in _split(path):
            if key is None:
                break
            key = key.subkey(name)
        return key

    def create_key(self, path: str) -> Key:
        """The key at `path`, made with what is missing above it; new keys take the security of the key above.

        Raises:
            FormatError: a name can't be one, or the path is too deep.
        """
        parts = _split(path)
        for name in parts:
            keys.require_key_name(name)
        key = self._root
        for name in parts:
            key = key.create_subkey(name)
        return key

    def delete_key(self, path: str) -> bool:
        """Delete the key at `path` with everything below it; says whether it was there.

        Raises:
            FormatError: the path is the root's.
        """
        key = self.key(path)
        if key is None:
            return False
        key.delete()
        return True

    def save(self, *, timestamp: int | None = None) -> bytes:
        """The hive as a file's bytes, marked clean.

        Args:
            timestamp: the header's time of last write, a FILETIME; `now` if not given.
        """
        timestamp = self.now if timestamp is None else _filetime(timestamp)
        self._tree.flush()
        self._sequence += 1
        cells = self._tree.cells
        header.stamp(
            self._block,
            sequence=self._sequence,
            timestamp=timestamp,
            root=self._tree.root,
            size=len(cells.data),
        )
        return bytes(self._block) + bytes(cells.data)


def _split(path: str) -> list[str]:
    return [name for name in path.split("\\") if name]


def _filetime(timestamp: int) -> int:
    """`timestamp` itself, if it is a FILETIME."""
    if not 0 <= timestamp < 1 << 64:
        raise FormatError(FORMAT, Fault.TOO_LARGE, f"a time doesn't fit 64 bits: {timestamp}")
    return timestamp
