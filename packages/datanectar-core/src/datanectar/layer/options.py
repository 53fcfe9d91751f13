"""Options of every storage, whatever its type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class LayerOptions:
    """Options of every storage, whatever its type."""

    verify: Literal["stamp", "always"] = field(
        default="stamp",
        metadata={"help": "'stamp': a local file is hashed once and again when it changed; 'always': at each load"},
    )
    pickle: Literal["signed", "always", "never"] = field(
        default="signed",
        metadata={
            "help": "'signed': load a pickle only if its signature verifies; 'always' trusts whoever writes here"
        },
    )
    unsafe_single_writer: bool = field(
        default=False, metadata={"help": "Go on with a store that cannot tell two writers apart"}
    )
