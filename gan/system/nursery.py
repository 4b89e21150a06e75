"""Where workers are born ready: one process imports torch once, and forks a worker for each run.

To import torch takes seconds, many on a busy machine, and takes them from whatever trains there. A fork takes
milliseconds, and its memory is shared. Only Linux has forks that the libraries below torch take well.

Server and nursery are joined by a socket. The server sends an order, a line of JSON, with the worker's stdin and log
as open files; the nursery says which process it has become, and when that has ended.
"""

import gc
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

AVAILABLE = sys.platform == "linux"
_LARGEST = 65_536
"""Bytes of an order or of an answer."""


class Child:
    """A worker that the nursery has forked, or is about to; used as a `subprocess.Popen` is."""

    def __init__(self, stdin: int, log: int) -> None:
        self.stdin = io.FileIO(stdin, "w")
        self.pid = 0
        """0 until it is born."""
        self.returncode: int | None = None
        self.log = log
        self._has_ended = threading.Event()

    def poll(self) -> int | None:
        """The exit status; None while it lives."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended; raises `subprocess.TimeoutExpired`."""
        if not self._has_ended.wait(timeout):
            raise subprocess.TimeoutExpired(f"worker {self.pid}", timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        """Ends it at once. One that is not born yet counts as ended, and is killed at birth."""
        if not self.pid:
            self.ended(-signal.SIGKILL)
        elif self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def born(self, pid: int) -> None:
        """It runs as this process now."""
        self.pid = pid
        os.close(self.log)
        if pid and self.returncode is not None:
            os.kill(pid, signal.SIGKILL)

    def ended(self, returncode: int) -> None:
        """It has ended with this status."""
        if self.returncode is None:
            self.returncode = returncode
        self._has_ended.set()


class Nursery:
    """The server's side."""

    def __init__(self, command: Sequence[str], cwd: Path) -> None:
        """Starts it; `command` gets the number of its socket as the last argument. Raises `OSError`."""
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # What it says before a worker is born would explain why none is.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
        with theirs:
            self.process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                cwd=cwd,
                pass_fds=[theirs.fileno()],
            )
        self._guard = threading.Lock()
        self._unborn: deque[Child] = deque()
        self._children: dict[int, Child] = {}
        threading.Thread(target=self._listen, daemon=True, name="nursery").start()

    def is_alive(self) -> bool:
        """Whether it can be asked for a worker."""
        return self.process.poll() is None

    def bear(self, order: str, log: int) -> Child:
        """A worker with this order, which writes into the open file `log`. Raises `OSError`."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        child = Child(writing, os.dup(log))
        try:
            with self._guard:
                socket.send_fds(self._socket, [order.encode()], [reading, log])
                self._unborn.append(child)
        except OSError:
            child.stdin.close()
            os.close(child.log)
            raise
        finally:
            os.close(reading)
        return child

    def _listen(self) -> None:
        with suppress(OSError):
            while message := self._socket.recv(_LARGEST):
                pid, returncode = json.loads(message)
                with self._guard:
                    if returncode is None:
                        child = self._children[pid] = self._unborn.popleft()
                        child.born(pid)
                    else:
                        self._children.pop(pid).ended(returncode)
        self._close()

    def _close(self) -> None:
        """The nursery is gone. Its workers lose their stdin, and with it their server: they save and leave."""
        returncode = self.process.wait()
        with self._guard:
            self._socket.close()
            self._said.seek(0)
            said = self._said.read()[-_LARGEST:]
            for child in self._unborn:
                with suppress(OSError):
                    os.write(child.log, said)
                child.born(0)
            for child in (*self._unborn, *self._children.values()):
                child.ended(returncode or -1)
            self._said.close()


def serve(number: int) -> dict[str, Any] | None:
    """The nursery's side, once all is imported: forks a worker for each order on socket `number`.

    Returns in every worker, with its order; and in the nursery, with None, when the server is gone.
    """
    with socket.socket(fileno=number) as server:
        signal.signal(signal.SIGCHLD, lambda *_: _tell_ends(server.send))
        gc.collect()
        gc.freeze()  # a collection would touch, and so copy, the memory that all share
        while True:
            order, files, _, _ = socket.recv_fds(server, _LARGEST, 2)
            if not order:
                return None
            # No end is told before the beginning.
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            if pid := os.fork():
                server.send(json.dumps([pid, None]).encode())
                for file in files:
                    os.close(file)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
                continue
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            stdin, log = files
            for file, place in ((stdin, 0), (log, 1), (log, 2)):
                os.dup2(file, place)
            for file in files:
                os.close(file)
            found: dict[str, Any] = json.loads(order)
            return found


def _tell_ends(send: Callable[[bytes], object]) -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            with suppress(OSError):
                send(json.dumps([pid, os.waitstatus_to_exitcode(status)]).encode())
