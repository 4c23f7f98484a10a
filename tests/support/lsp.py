"""A small client of the language server protocol, enough to open a file and ask about it.

`yaml_server()` starts a real YAML language server from the npm registry; where Node.js or the registry is missing it says
so, and tests skip.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

VERSION = "2.0.0"
_PACKAGE = "yaml-language-server"
_INSTALL_SECONDS = 240
_ANSWER_SECONDS = 60


class NotHereError(Exception):
    """There is no language server on this machine, and none can be had."""


@dataclass(frozen=True)
class Diagnostic:
    """What the server says of a part of a file; lines and columns from 1, as in our messages."""

    line: int
    column: int
    message: str


def yaml_server() -> list[str]:
    """The command that starts the server, installed once per machine.

    Raises:
        NotHereError: Node.js or npm is missing, or the package can't be installed.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotHereError("no Node.js with npm on this machine")
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / f"osrecipe-{_PACKAGE}-{VERSION}"
    program = root / "node_modules" / _PACKAGE / "bin" / _PACKAGE
    if not program.exists():
        _install(npm, root)
    return [node, str(program), "--stdio"]


def _install(npm: str, root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(root), "--no-audit", "--no-fund", f"{_PACKAGE}@{VERSION}"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired as cause:
        raise NotHereError("npm took too long") from cause
    if done.returncode:
        raise NotHereError(f"npm can't install it: {done.stderr.decode()[-200:]}")


class Client:
    """A server and the files opened in it; a context manager that ends the server."""

    def __init__(self, command: list[str], settings: dict[str, Any]) -> None:
        self._settings = settings
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._said: dict[str, list[Any]] = {}
        self._number = 0
        threading.Thread(target=self._listen, daemon=True).start()
        self.ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": None,
                "capabilities": {
                    "workspace": {"configuration": True},
                    "textDocument": {
                        "completion": {"completionItem": {"snippetSupport": True}},
                        "hover": {"contentFormat": ["markdown"]},
                    },
                },
            },
        )
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": settings}})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def diagnose(self, path: Path, text: str) -> list[Diagnostic]:
        """Open a file with a text, and wait for what the server says of it."""
        uri = path.as_uri()
        self._said.pop(uri, None)
        self.open(path, text)
        while uri not in self._said:
            self._take()
        found = [
            Diagnostic(d["range"]["start"]["line"] + 1, d["range"]["start"]["character"] + 1, d["message"])
            for d in self._said[uri]
        ]
        return sorted(found, key=lambda d: (d.line, d.column))

    def open(self, path: Path, text: str) -> None:
        """Open a file with a text that need not be what is on the disk."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def complete(self, path: Path, line: int, column: int) -> dict[str, str]:
        """What could be written at a place of an open file: labels with their documentation."""
        result = self._at("textDocument/completion", path, line, column)
        return {item["label"]: str(item.get("documentation", "")) for item in result["items"]}

    def hover(self, path: Path, line: int, column: int) -> str:
        """What is shown for a place of an open file."""
        result = self._at("textDocument/hover", path, line, column)
        return str(result["contents"]["value"]) if result else ""

    def _at(self, method: str, path: Path, line: int, column: int) -> Any:
        place = {"line": line - 1, "character": column - 1}
        return self.ask(method, {"textDocument": {"uri": path.as_uri()}, "position": place})

    def ask(self, method: str, params: object) -> Any:
        """Send a request and wait for its answer."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._take()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message["error"]
                return message["result"]

    def _take(self) -> dict[str, Any]:
        """The next message; requests of the server are answered, diagnostics are kept."""
        message = self._messages.get(timeout=_ANSWER_SECONDS)
        assert message is not None, "the language server has ended"
        method = message.get("method")
        if method == "workspace/configuration":
            wanted = [self._settings.get(item.get("section", "")) for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": wanted})
        elif method == "textDocument/publishDiagnostics":
            self._said[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif method is not None and "id" in message:
            self._send({"id": message["id"], "result": None})
        return message

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self._process.stdin
        assert stream is not None
        stream.write(f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
        stream.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            size = 0
            while (line := stream.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
            if not size:
                self._messages.put(None)
                return
            self._messages.put(json.loads(stream.read(size)))
