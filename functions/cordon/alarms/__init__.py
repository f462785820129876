"""What came in: one module per source, each of which makes alarms of what its detector sends."""

from cordon.alarms.reading import SOURCES, read_alarms

__all__ = ["SOURCES", "read_alarms"]
