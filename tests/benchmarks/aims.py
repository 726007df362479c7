"""What was set out for, and what was reached, as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reached:
    """One row: what was measured, what the aim is, and whether more is better."""

    what: str
    measured: float
    aim: float
    is_least: bool = True

    def __str__(self) -> str:
        is_met = self.measured >= self.aim
        if not self.is_least:
            is_met = self.measured <= self.aim
        sign, answer = "≥" if self.is_least else "≤", "yes" if is_met else "NO"
        return f"| {self.what} | {sign} {self.aim:g} | {self.measured:.2f} | {answer} |"
