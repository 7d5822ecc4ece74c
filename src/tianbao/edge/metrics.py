"""`/metrics` in Prometheus' text format, version 0.0.4. Must not know: who reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tianbao.edge.context import Context
from tianbao.edge.histogram import Histogram
from tianbao.edge.intake import Outcome
from tianbao.edge.lag import Lag
from tianbao.edge.uploads import UploadOutcome


def exposition(context: Context, lag: Lag | None) -> bytes:
    """Outcomes, the queue, commits, files, and how far the projection is behind: nothing of it where `lag` is None,
    the database did not answer.
    """
    intake, uploads = context.intake, context.uploads
    outcomes = {outcome.value: intake.outcomes[outcome] for outcome in Outcome}
    files = {outcome.value: uploads.outcomes[outcome] for outcome in UploadOutcome}
    lines = [
        *_labelled("tianbao_submissions_total", "Submissions by their one outcome.", "outcome", outcomes),
        *_single(
            "tianbao_flooded_sites",
            "gauge",
            "Sites at which phones have to work, or wait, before they are let in.",
            len(context.throttle.flooded_sites()),
        ),
        *_single("tianbao_queue_depth", "gauge", "Submissions waiting for their commit.", intake.queue.depth),
        *_single("tianbao_commits_total", "counter", "Batches committed to disk.", intake.queue.commits),
        *_histogram(
            "tianbao_commit_seconds", "Time to put one batch on disk, failures included.", intake.queue.commit_s
        ),
        *_histogram("tianbao_batch_submissions", "Submissions that shared one commit.", intake.queue.batch_sizes),
        *_labelled("tianbao_files_total", "Files sent by phones, by their one outcome.", "outcome", files),
        *_single(
            "tianbao_file_bytes_total", "counter", "Bytes of the files that were stored.", uploads.stored_bytes
        ),
    ]
    if lag is not None:
        lines += _single(
            "tianbao_projection_lag_submissions",
            "gauge",
            "Submissions stored and not yet in records.",
            lag.submissions,
        )
        lines += _single(
            "tianbao_projection_lag_seconds",
            "gauge",
            "Age of the oldest submission not yet in records.",
            lag.seconds,
        )
    return ("\n".join(lines) + "\n").encode()


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _single(name: str, kind: str, text: str, value: float) -> list[str]:
    return [*_head(name, kind, text), f"{name} {value}"]


def _labelled(name: str, text: str, label: str, values: Mapping[str, int]) -> list[str]:
    return [*_head(name, "counter", text), *(f'{name}{{{label}="{key}"}} {value}' for key, value in values.items())]


def _histogram(name: str, text: str, histogram: Histogram) -> Iterable[str]:
    yield from _head(name, "histogram", text)
    for bound, count in histogram.cumulative():
        yield f'{name}_bucket{{le="{bound:g}"}} {count}'
    yield f'{name}_bucket{{le="+Inf"}} {histogram.count}'
    yield f"{name}_sum {histogram.sum:.6f}"
    yield f"{name}_count {histogram.count}"
