"""What `serve` runs: one process each for the edge, the console and the jobs, and how they start and stop.

A child says that it is ready with one line of JSON on its standard output, and stops when its standard input
closes: so no child outlives its parent, on Windows too, where there are no signals to speak of. Must not
know: what the children do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402

PORT_DEFAULT: Final = 8000
PORT_MAX: Final = 65_535
READY_WAIT_S: Final = 60.0
STOP_WAIT_S: Final = 20.0
_CHILD: Final = "TIANBAO_IS_CHILD"


class CannotStart(Exception):
    """In plain words, for whoever started Tianbao."""


class Child:
    """A process of this installation."""

    def __init__(
        self, name: str, arguments: list[str], environment: Mapping[str, str], *, sockets: Sequence[int] = ()
    ) -> None:
        """`sockets` are descriptors that the child inherits."""
        self.name = name
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "tianbao", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment, _CHILD: "1", "PYTHONUNBUFFERED": "1"},
            pass_fds=sockets,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def wait_until_ready(self) -> dict[str, Any]:
        """What the child says of itself; CannotStart if it ends first, with the reason it gave."""
        answer: list[bytes] = []
        reader = threading.Thread(target=lambda: answer.append(self._process.stdout.readline()), daemon=True)  # type: ignore[union-attr]
        reader.start()
        reader.join(READY_WAIT_S)
        if not answer or not answer[0].startswith(b"{"):
            self.stop()
            raise CannotStart(f"the {self.name} process did not start; its message stands above")
        said: dict[str, Any] = json.loads(answer[0])
        if "problem" in said:
            self.stop()
            raise CannotStart(said["problem"])
        return said

    def ask_to_stop(self) -> None:
        """Closes its standard input."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()

    def stop(self) -> None:
        """Asks, waits, and ends it if it does not go."""
        self.ask_to_stop()
        try:
            self._process.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def say_ready(**said: Any) -> None:
    """A child's one line to its parent; nothing for a process somebody started by hand."""
    if not os.environ.get(_CHILD):
        return
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def stop_with_parent(stop: Callable[[], None]) -> None:
    """In a child: leaves Ctrl-C to the parent and calls `stop` once standard input closes.

    A stop signal to all of them is the parent's, too: it stops its children in their order. In a process that
    somebody started by hand: calls `stop` at Ctrl-C or a stop signal.
    """
    if not os.environ.get(_CHILD):
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: stop())
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def wait() -> None:
        while os.read(0, 1024):
            pass
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def make_folder(folder: Path) -> None:
    """The data folder, readable by its owner only; CannotStart where it cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"数据文件夹无法写入。 The data folder cannot be written: {folder} ({error.strerror})"
        ) from error


class FolderLock:
    """One server on a data folder: an exclusive lock that SQLite holds, alike on every system."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        try:
            self._connection = sqlite3.connect(folder / "server.lock", timeout=0.5, isolation_level=None)
            self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._connection.execute("BEGIN EXCLUSIVE")
            self._connection.execute("CREATE TABLE IF NOT EXISTS held (since INTEGER)")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise CannotStart(
                    f"已有一个填报正在使用这个数据文件夹。 Another Tianbao is already running on {folder}"
                ) from error
            raise CannotStart(
                f"数据文件夹无法写入。 The data folder cannot be written: {folder} ({error})"
            ) from error

    def release(self) -> None:
        self._connection.close()


def watch(children: list[Child], *, poll_s: float = 0.5, until: threading.Event) -> Child | None:
    """Waits until told, or until a child ends by itself: that child."""
    while not until.wait(poll_s):
        for child in children:
            if child.exit_code is not None:
                return child
    return None


def wait_for(condition: Callable[[], bool], *, wait_s: float) -> bool:
    """True as soon as the condition holds, False if it does not within the time."""
    end = time.monotonic() + wait_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
