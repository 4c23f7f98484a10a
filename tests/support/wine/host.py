"""The host's half of Windows programs under Wine: the stand-in for DISM and libwim's codecs, over a loopback socket.

`dism.exe` (`dism.c`) hands its arguments and its STANDIN_ variables over; the stand-in runs here as a process of its
own, on the same files, and what it prints and all 32 bits of its exit code go back. `libwim.dll` (`libwim.c`) has its
chunks packed and unpacked by the host's libwim. Neither knows anything of what is tested.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from standin.hostpaths import host_path

from osrecipe.formats.errors import FormatError
from osrecipe.formats.wim import libwim
from osrecipe.formats.wim.layout import Codec

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = Path(__file__).parents[2]
PORT = "STANDIN_PORT"
_KILLED = 1
"""What a stand-in that was killed ends with: as `TerminateProcess` is usually called."""
_PIECE = 1 << 15
_PATHS = ("STANDIN_STATE", "STANDIN_FAULTS", "STANDIN_CALLS")
_PROGRAM = """import os, sys
from standin.main import exit_code
code = exit_code(sys.argv[2:], os.environ, sys.stdout.buffer)
sys.stdout.flush()
os.write(int(sys.argv[1]), code.to_bytes(4, "little"))
"""
_WORK = struct.Struct("<6I")
_PACK, _VERSION = 1, 2


class Host:
    """A server on the loopback interface for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(socketserver.BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(ConnectionError, EOFError):  # a program that was ended no longer asks
            serve = {b"D": _stand_in, b"L": _codecs}[_receive(self.request, 1)]
            serve(self.request)


def _receive(peer: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = peer.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def _number(peer: socket.socket) -> int:
    return int.from_bytes(_receive(peer, 4), "little")


def _texts(peer: socket.socket) -> list[str]:
    return [_receive(peer, _number(peer)).decode() for _ in range(_number(peer))]


# -- the stand-in --------------------------------------------------------------------------------------------------------


def _stand_in(peer: socket.socket) -> None:
    arguments = _texts(peer)
    asked = dict(text.split("=", 1) for text in _texts(peer))
    inside, outside = os.pipe()
    with _start(arguments, asked, outside) as process:
        os.close(outside)
        waiting = threading.Thread(target=_end_with, args=(peer, process), daemon=True)
        waiting.start()
        _pass_on(peer, process)
        process.wait()
    with os.fdopen(inside, "rb") as pipe:
        code = pipe.read(4)
    peer.sendall(b"x" + (code or _KILLED.to_bytes(4, "little")))


def _start(arguments: list[str], asked: dict[str, str], outside: int) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STANDIN_")}
    asked |= {name: str(host_path(asked[name])) for name in _PATHS if name in asked}
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(outside), *arguments],
        env=kept | asked | {"PYTHONPATH": str(TESTS)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        pass_fds=(outside,),
        start_new_session=True,
    )


def _pass_on(peer: socket.socket, process: subprocess.Popen[bytes]) -> None:
    if process.stdout is None:
        return
    while piece := os.read(process.stdout.fileno(), _PIECE):
        with contextlib.suppress(ConnectionError):  # `_end_with` sees it too
            peer.sendall(b"o" + len(piece).to_bytes(4, "little") + piece)


def _end_with(peer: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """Kill the stand-in and what it started when its Windows half is gone."""
    with contextlib.suppress(OSError):
        while peer.recv(1):
            continue
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


# -- libwim --------------------------------------------------------------------------------------------------------------


def _codecs(peer: socket.socket) -> None:
    known: dict[tuple[int, ...], Callable[[bytes, int], bytes]] = {}
    while True:
        what, codec, chunk, level, size, room = _WORK.unpack(_receive(peer, _WORK.size))
        data = _receive(peer, size)
        if what == _VERSION:
            major, minor, patch = libwim.version()
            made = (major << 20 | minor << 10 | patch).to_bytes(4, "little")
        else:
            key = (what, codec, chunk, level)
            made = known.setdefault(key, _codec(*key))(data, room)
        peer.sendall(len(made).to_bytes(4, "little") + made)


def _codec(what: int, codec: int, chunk: int, level: int) -> Callable[[bytes, int], bytes]:
    """Packs or unpacks a chunk; nothing where libwim says no."""
    if what == _PACK:
        packer = libwim.Compressor(Codec(codec), chunk, level)
        return lambda data, _room: packer.compress(data) or b""
    unpacker = libwim.Decompressor(Codec(codec), chunk)

    def unpack(data: bytes, room: int) -> bytes:
        try:
            return unpacker.decompress(data, room)
        except FormatError:
            return b""

    return unpack
