"""Python's keyword arguments as flags of the program."""

from __future__ import annotations

import os
from typing import Any, List, Mapping


def flags_of(options: Mapping[str, Any]) -> List[str]:
    """``start="2020-01-01", overwrite=True, cells=["a", "b"]`` as ``--start …``, ``--overwrite`` and ``--cells a,b``.

    None and False leave a flag out. Values stand behind ``=``, so that none is taken for a flag.
    """
    flags: List[str] = []
    for name, value in options.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            flags.append(flag)
        elif isinstance(value, (list, tuple)):
            flags.append(f"{flag}={','.join(_text(item) for item in value)}")
        else:
            flags.append(f"{flag}={_text(value)}")
    return flags


def _text(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return os.fspath(value) if isinstance(value, (str, os.PathLike)) else str(value)
