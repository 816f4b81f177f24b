"""What verl loads by the entry point `verl.plugins`, in every process that imports it: registers our parts."""

import os

if os.environ.get("VERL_PLATFORM") == "cpu":
    from .cpu import platform, rollout  # noqa: F401

from . import agent_loop, trainer  # noqa: F401
