"""Figures of a series of measurements, as tests print them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a sorted series in seconds."""

    p50: float
    p99: float
    most: float

    def __str__(self) -> str:
        return f"p50 {self.p50 * 1e3:.1f} ms, p99 {self.p99 * 1e3:.1f} ms, max {self.most * 1e3:.0f} ms"


def figures(series: Sequence[float]) -> Figures:
    ordered = sorted(series)
    return Figures(ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1])
