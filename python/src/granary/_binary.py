"""Where the granary program is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Dict

from ._errors import BinaryNotFound


def binary() -> str:
    """The path of the program: of ``GRANARY_BINARY``, of this package, or of ``PATH``, in this order.

    :raises BinaryNotFound: where none of them has one; the message names the places.
    """
    given = os.environ.get("GRANARY_BINARY")
    if given:
        if os.access(given, os.X_OK) and os.path.isfile(given):
            return given
        raise BinaryNotFound(f"GRANARY_BINARY is {given!r}, which is no program that can be run")
    packaged = Path(__file__).parent / "bin" / "granary"
    if packaged.is_file():
        return str(packaged)
    found = shutil.which("granary")
    if found is not None and not _is_own_script(found):
        return found
    raise BinaryNotFound(
        f"the granary program was looked for in GRANARY_BINARY, {packaged} and PATH, and is in none of them; "
        "install a wheel made for this platform, or set GRANARY_BINARY to its path"
    )


def _is_own_script(found: str) -> bool:
    """Whether a program of PATH is the script of this package, which would start itself again."""
    try:
        with open(found, "rb") as file:
            head = file.read(512)
    except OSError:
        return False
    return head.startswith(b"#!") and b"granary" in head and b"python" in head


def version() -> Dict[str, Any]:
    """The program's version, its engine's version, the platform and what it needs of the system."""
    run = subprocess.run([binary(), "--version", "--json"], capture_output=True, check=False)
    if run.returncode != 0:
        raise BinaryNotFound(f"{binary()}: {run.stderr.decode(errors='replace').strip()}")
    answer: Dict[str, Any] = json.loads(run.stdout)
    return answer


def main() -> int:
    """The ``granary`` command of an installed wheel: becomes the program."""
    import sys

    path = binary()
    os.execv(path, [path, *sys.argv[1:]])
    return 1
