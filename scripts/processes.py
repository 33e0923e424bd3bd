"""Child processes that stop when asked, and never outlive the program that started them (standard library only)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STOP_SECONDS = 20


class ServiceError(RuntimeError):
    """A sentence that says what failed and what to do about it."""


def explain(failed: Exception) -> str:
    """What a person is told about it."""
    return str(failed) if isinstance(failed, ServiceError) else f"{failed}: put that right and run this again."


def die_with_parent(sig: int) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends `sig` to the child when this process dies, even by kill -9 (Linux only)."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def arm() -> None:
        libc.prctl(1, int(sig), 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it died before we armed
            os.kill(os.getpid(), sig)

    return arm


@dataclass
class Child:
    """A process of ours with its log and the signal that stops it politely."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: int = signal.SIGTERM

    @classmethod
    def start(cls, name: str, args: list[str], log: Path, stop: int = signal.SIGTERM, **options: Any) -> Child:
        """Start it in a session of its own, so that Ctrl-C in the terminal reaches only the launcher."""
        with log.open("ab") as out:
            process = subprocess.Popen(
                args,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(stop),
                **options,
            )
        return cls(name, process, log, stop)

    def alive(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Only the main process is asked: a group-wide TERM can leave a Celery worker waiting for minutes."""
        if self.alive():
            self.process.send_signal(self.stop_signal)

    def wait_or_kill(self, grace: float = STOP_SECONDS) -> None:
        """Wait for it to end; after the grace, kill it with everything it started."""
        try:
            self.process.wait(grace)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self, grace: float = STOP_SECONDS) -> None:
        self.ask_to_stop()
        self.wait_or_kill(grace)

    def last_lines(self, count: int = 15) -> str:
        return last_lines(self.log, count)


def last_lines(log: Path, count: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def stop_all(children: Sequence[Child]) -> None:
    """Ask all of them first and wait afterwards, so that stopping takes as long as the slowest, not the sum."""
    with shielded():
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.wait_or_kill()


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """A second Ctrl-C while stopping must not leave half of the processes behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {sig: signal.signal(sig, signal.SIG_IGN) for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for sig, handler in before.items():
            signal.signal(sig, handler)


def interrupt_on_signals() -> None:
    """TERM and a closed terminal end the program the way Ctrl-C does."""

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    for sig in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asked to survive the terminal
        signal.signal(signal.SIGHUP, interrupt)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose_port(wanted: int) -> int:
    if wanted and port_is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(pid: int) -> str:
    """The name of a running process, or nothing when there is none (a zombie is none)."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return ""
        name, rest = stat.split("(", 1)[1].rsplit(")", 1)
        return "" if rest.split()[0] in "ZX" else name
    found = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return Path(found.stdout.strip()).name


def clear_leftover(pidfile: Path, folder: Path, programs: tuple[str, ...], sig: int) -> None:
    """After a kill -9: stop a server still running on this folder, and remove the pid file that would block a start.

    Line 1 of the file is the pid, line 2 the folder; a copied folder names another one, whose server is not ours.
    """
    if not pidfile.exists():
        return
    pid, where, *_ = [*pidfile.read_text().splitlines(), "", ""]
    if pid.isdigit() and Path(where) == folder and program(int(pid)) in programs:
        os.kill(int(pid), sig)
        deadline = time.monotonic() + STOP_SECONDS
        while program(int(pid)) in programs and time.monotonic() < deadline:
            time.sleep(0.05)
    pidfile.unlink(missing_ok=True)


# --- steps with progress ---------------------------------------------------------------------------------------------
class Progress:
    """Says what is going on once it takes longer than a second: in place on a terminal, else by lines."""

    def __init__(self, label: str) -> None:
        self.label, self.begun, self.next_line = label, time.monotonic(), 1.0
        self.in_place = sys.stdout.isatty()

    def elapsed(self) -> float:
        return time.monotonic() - self.begun

    def tick(self) -> None:
        if self.in_place and self.elapsed() >= 1:
            print(f"\r  {self.label} ... {self.elapsed():.0f} s", end="", flush=True)
        elif not self.in_place and self.elapsed() >= self.next_line:
            print(f"  {self.label} ... {self.elapsed():.0f} s", flush=True)
            self.next_line = 10 if self.next_line == 1 else self.next_line + 10

    def done(self, result: str = "done") -> None:
        start = "\r" if self.in_place else ""
        print(f"{start}  {self.label}: {result} in {self.elapsed():.1f} s", flush=True)


def _run(command: Sequence[str | Path], tick: Callable[[], None], stop: int = signal.SIGTERM, **options: Any) -> int:
    """Run a command to its end, calling `tick` meanwhile. Our own interruption is passed on to it once, as `stop`."""
    process = subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent(signal.SIGTERM), **options)
    try:
        while True:
            try:
                return process.wait(0.5)
            except subprocess.TimeoutExpired:
                tick()
    except BaseException:
        with shielded():
            Child("", process, Path(), stop).stop()
        raise


def run_step(label: str, command: Sequence[str | Path], log: Path, **options: Any) -> int:
    """Run a command to its end with its output in `log`; answer its exit code."""
    progress = Progress(label)
    with log.open("wb") as out:
        code = _run(command, progress.tick, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **options)
    progress.done("FAILED" if code else "done")
    return code


def run_shown(command: Sequence[str | Path], watch: Callable[[], None], **options: Any) -> int:
    """Run a command whose output people read; `watch` may raise to end it early."""
    sys.stdout.flush()
    return _run(command, watch, **options)
