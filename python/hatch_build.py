"""The tag of a wheel that holds a program: any Python 3, one platform."""

import os
from typing import Any, Dict

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlatformTag(BuildHookInterface):
    """Takes the platform from GRANARY_WHEEL_PLATFORM; without it the wheel is one of no program."""

    def initialize(self, version: str, build_data: Dict[str, Any]) -> None:
        platform = os.environ.get("GRANARY_WHEEL_PLATFORM")
        if platform:
            build_data["tag"] = f"py3-none-{platform}"
            build_data["pure_python"] = False
