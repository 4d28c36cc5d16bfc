"""What the program's exit codes mean, as exceptions."""

from __future__ import annotations

from typing import Any, Mapping, Optional


class GranaryError(Exception):
    """A command of granary failed. The text is the program's own message.

    ``tag`` is the kind of failure and ``exit_code`` the program's; ``details`` is what it said besides, and
    ``result`` the document that it printed all the same, as after a run in which only some granules failed.
    """

    def __init__(
        self,
        message: str,
        *,
        tag: str = "bug",
        exit_code: int = 1,
        details: Optional[Mapping[str, Any]] = None,
        result: Optional[Any] = None,
    ) -> None:
        super().__init__(message)
        self.tag = tag
        self.exit_code = exit_code
        self.details = dict(details or {})
        self.result = result


class InputError(GranaryError):
    """A config, catalog, argument or file is not what was wanted (exit code 2)."""


class GranuleError(GranaryError):
    """Some granules could not be read; the rest is done, see ``result`` (exit code 3)."""


class CredentialError(GranaryError):
    """A credential is missing, expired or refused (exit code 4)."""


class TransferError(GranaryError):
    """A disk or a network failed after its retries (exit code 1)."""


class BinaryNotFound(GranaryError):
    """The granary program is not there, or does not start."""


_BY_EXIT_CODE = {2: InputError, 3: GranuleError, 4: CredentialError}
_BY_TAG = {"input": InputError, "granule": GranuleError, "credential": CredentialError, "io": TransferError}


def error_of(
    exit_code: int, error: Optional[Mapping[str, Any]], failures: "list[str]", result: Optional[Any]
) -> GranaryError:
    """The exception for a process that ended with ``exit_code`` and what it said on stderr."""
    said = error or {}
    tag = str(said.get("tag", ""))
    kind = _BY_TAG.get(tag) or _BY_EXIT_CODE.get(exit_code, GranaryError)
    message = str(said.get("message") or "; ".join(failures) or f"granary ended with exit code {exit_code}")
    return kind(message, tag=tag or "bug", exit_code=exit_code, details=said.get("details"), result=result)
