"""The granary program from Python: catalogs of satellite granules, and their observations on HEALPix grids.

Everything is done by the ``granary`` binary (see :func:`binary`); this package starts it, shows its progress,
gives its results as Python's own, and raises its failures. It needs nothing but Python: pyarrow, pandas and
xarray are used where they are installed.
"""

from . import catalog
from ._binary import binary, version
from ._errors import BinaryNotFound, CredentialError, GranaryError, GranuleError, InputError, TransferError
from ._process import run
from .aggregate import AggregateResult, agg
from .config import Config, load_config
from .store import open_store
from .store import open_store as open

__all__ = [
    "AggregateResult",
    "BinaryNotFound",
    "Config",
    "CredentialError",
    "GranaryError",
    "GranuleError",
    "InputError",
    "TransferError",
    "agg",
    "binary",
    "catalog",
    "load_config",
    "open",
    "open_store",
    "run",
    "version",
]
