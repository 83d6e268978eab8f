"""moderation: comment threads in, calibrated and explained scores out."""

from __future__ import annotations

__version__ = "0.1.0"
