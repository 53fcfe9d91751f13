"""The kit for serializers: a warm run must return what the cold run returned, types included."""

from __future__ import annotations

from datanectar.testing.serializer.honesty import OtherProcesses, Record
from datanectar.testing.serializer.law import Law, Refusal


class SerializerConformance(Record, Law, Refusal, OtherProcesses):
    """What every serializer must keep. Subclass it in a test module and give three fixtures.

    Fixtures:
        serializer: The name of an installed serializer, or a `SerializerType` of one that is not.
        values: Values it holds: a list, or a hypothesis strategy.
        refused: Values that look like its own but that it cannot hold exactly; an empty list if it holds all.

    Attributes:
        deterministic: Whether equal values give equal bytes, whichever process dumps them. Say False where the format
            cannot: then two runs of one task differ, and a warning says so.
    """
