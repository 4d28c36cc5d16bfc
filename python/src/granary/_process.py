"""A granary process: started, followed, interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from typing import Any, Dict, List, Mapping, Optional, Sequence

from ._binary import binary
from ._errors import BinaryNotFound, error_of
from ._progress import Display, Progress

#: How long an interrupted program may take to end well before it is ended.
_PATIENCE_SECONDS = 60.0


def run(
    *arguments: str,
    progress: Progress = False,
    notes: bool = True,
    env: Optional[Mapping[str, str]] = None,
    cwd: Optional[str] = None,
) -> Dict[str, Any]:
    """Runs ``granary ARGUMENTS --json`` and returns the document that it prints.

    :param arguments: the command and its flags, as on a command line.
    :param progress: True shows how far it is, a function is called with it.
    :param notes: whether notes and warnings of the program are shown on stderr.
    :param env: variables of the environment besides this process's own, such as credentials.
    :param cwd: the folder to run in.
    :raises GranaryError: one of its kinds, by the exit code, with the program's message.
    :raises KeyboardInterrupt: after the program has been interrupted too, and has ended.
    """
    words = list(arguments)
    # Behind "--" a flag would be taken for a file.
    words.insert(words.index("--") if "--" in words else len(words), "--json")
    output = call(words, progress=progress, notes=notes, env=env, cwd=cwd)
    document: Dict[str, Any] = json.loads(output) if output.strip() else {}
    return document


def call(
    arguments: Sequence[str],
    *,
    progress: Progress = False,
    notes: bool = True,
    env: Optional[Mapping[str, str]] = None,
    cwd: Optional[str] = None,
) -> bytes:
    """Runs ``granary ARGUMENTS``, whose stderr is lines of JSON, and returns what it prints."""
    for argument in arguments:
        if "\0" in argument:
            raise ValueError("an argument holds a null byte")
    surroundings = {**os.environ, **(env or {})}
    if progress:
        surroundings.setdefault("GRANARY_PROGRESS_SECONDS", "0.25")
    path = binary()
    kept = _KeptInterrupt()
    try:
        process = subprocess.Popen(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=surroundings,
            cwd=cwd,
            # Its own group: an interrupt of the terminal reaches it through us, once.
            start_new_session=True,
        )
        listener = _Listener(process, progress, notes)
    except BaseException as error:
        kept.release()
        if isinstance(error, OSError):
            raise BinaryNotFound(f"{path}: {error.strerror or error}") from error
        raise
    try:
        kept.release()
        assert process.stdout is not None
        output = process.stdout.read()
        process.wait()
        listener.join()
    except BaseException:
        _end(process)
        raise
    finally:
        listener.close()
        assert process.stdout is not None
        process.stdout.close()
    if process.returncode != 0:
        raise error_of(_exit_code(process.returncode), listener.error, listener.failures, _document(output))
    return output


class _KeptInterrupt:
    """Keeps an interrupt back from when it is made until its release: while a program is being started there
    is nobody yet who could end it, and it would go on alone."""

    def __init__(self) -> None:
        self._came: List[Any] = []
        self._handler: Any = None
        # Signals reach the main thread, and only there can a handler be set.
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.getsignal(signal.SIGINT)
        if callable(self._handler):
            signal.signal(signal.SIGINT, lambda number, frame: self._came.append((number, frame)))

    def release(self) -> None:
        """:raises KeyboardInterrupt: where one came, or what the process's own handler does."""
        if not callable(self._handler):
            return
        signal.signal(signal.SIGINT, self._handler)
        if self._came:
            self._handler(*self._came[0])


class _Listener:
    """Reads stderr beside stdout, so that neither pipe fills up."""

    def __init__(self, process: "subprocess.Popen[bytes]", progress: Progress, notes: bool) -> None:
        self.error: Optional[Dict[str, Any]] = None
        self.failures: List[str] = []
        self._display = Display(progress)
        self._notes = notes
        self._stderr = process.stderr
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def close(self) -> None:
        self._thread.join(timeout=5)
        self._display.close()

    def _follow(self) -> None:
        assert self._stderr is not None
        with self._stderr:
            for raw in self._stderr:
                text = raw.decode("utf-8", errors="replace").rstrip("\n")
                if text:
                    self._take(text)

    def _take(self, text: str) -> None:
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            # A command whose output is data and no document: its messages are plain text.
            plain = text[len("granary: ") :] if text.startswith("granary: ") else text
            if not plain.startswith("warning: "):
                self.failures.append(plain)
            elif self._notes:
                self._display.say(plain)
        elif "progress" in record:
            self._display.update(record["progress"])
        elif "error" in record:
            self.error = record["error"]
        elif "failure" in record:
            self.failures.append(str(record["failure"]))
        elif self._notes:
            for kind in ("warning", "note"):
                if kind in record:
                    self._display.say(f"{kind}: {record[kind]}" if kind == "warning" else str(record[kind]))


def _end(process: "subprocess.Popen[bytes]") -> None:
    """As an interrupt at the keyboard would: it saves what it has; then, in case, the hard way."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=_PATIENCE_SECONDS)
    except BaseException:
        process.kill()
        process.wait()


def _exit_code(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode


def _document(output: bytes) -> Optional[Any]:
    try:
        return json.loads(output)
    except ValueError:
        return None
