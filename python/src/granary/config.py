"""Configs of an aggregation: what is read, which statistics are made, on which grid."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Mapping, Union

from ._process import run

Source = Union[str, "os.PathLike[str]", Mapping[str, Any]]


class Config(Dict[str, Any]):
    """A config as a dictionary, with every default written out; change it and give it to :func:`granary.agg`."""

    #: Where it came from: a preset's name or a path.
    name: str = "config"


def load_config(source: Source) -> Config:
    """A preset's name (``atl06``, ``atl08``, ``gedi_l2a``), a YAML or JSON file, a store, or a dictionary.

    :raises InputError: for a config that is wrong, with each fault and its line.
    """
    with config_file(source) as name:
        document = run("config", "show", name)
    config = Config(document["config"])
    config.name = "config" if isinstance(source, Mapping) else os.fspath(source)
    return config


@contextmanager
def config_file(source: Source) -> Iterator[str]:
    """The name under which the program finds a config; a dictionary becomes a file for the time being."""
    if not isinstance(source, Mapping):
        yield os.fspath(source)
        return
    handle, path = tempfile.mkstemp(prefix="granary-", suffix=".json")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            # JSON is YAML; numpy's numbers have item().
            json.dump(dict(source), file, default=_plain, allow_nan=False)
        yield path
    finally:
        os.unlink(path)


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"a config holds {value!r}, which is neither text, number, list nor dictionary")
