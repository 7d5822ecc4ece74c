"""What a load came to, and the table that is shown of it. Must not know: what was asked, who answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass

ROUNDS = 3
"""Each load takes its turn as often; figures are medians over them."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One load: answers a second, latencies in milliseconds, answers that were not the expected one."""

    rate_per_s: float
    p50_ms: float
    p99_ms: float
    unexpected: int


@dataclass(frozen=True, slots=True)
class RateTable:
    """Medians over the rounds; `ratios` are the rate of what was measured to each echo's, in the same round.

    `memory_mb` is the edge's resident memory at the end, `bytes_on_disk` what a submission takes there.
    """

    subject: str
    measured: Figures
    echoes: dict[str, Figures]
    ratios: dict[str, float]
    connections: int
    seconds: float
    is_pinned: bool
    memory_mb: float
    bytes_on_disk: float

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def as_text(self) -> str:
        rows = [("", "per second", "p50 ms", "p99 ms", "unexpected")]
        loads = [(self.subject, self.measured), *((f"echo, {name}", one) for name, one in self.echoes.items())]
        rows += [
            (name, f"{one.rate_per_s:,.0f}", f"{one.p50_ms:.2f}", f"{one.p99_ms:.2f}", str(one.unexpected))
            for name, one in loads
        ]
        lines = [f"{name:<16}{a:>12}{b:>10}{c:>10}{d:>12}" for name, a, b, c, d in rows]
        said = ", ".join(f"{ratio:.3f} of {name}'s" for name, ratio in self.ratios.items())
        pinned = "server and load each on a processor of its own" if self.is_pinned else "processors not pinned"
        lines.append(f"to a bare echo: {said}   ({self.connections} connections, {ROUNDS} rounds, {pinned})")
        stored = f", {self.bytes_on_disk:,.0f} bytes on disk a submission" if self.bytes_on_disk else ""
        lines.append(f"{self.memory_mb:.0f} MB in memory{stored}")
        return "\n".join(lines)


def median_of(runs: list[Figures]) -> Figures:
    middle = sorted(runs, key=lambda figures: figures.rate_per_s)[len(runs) // 2]
    return Figures(middle.rate_per_s, middle.p50_ms, middle.p99_ms, sum(run.unexpected for run in runs))
