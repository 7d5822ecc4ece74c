"""`/metrics` in Prometheus' text format. Must not know: who reads it."""

from __future__ import annotations

from tianbao.edge.context import Context
from tianbao.edge.intake import Outcome


def exposition(context: Context) -> bytes:
    """Outcomes of submissions, the queue's depth, commits."""
    intake = context.intake
    lines = [
        "# HELP tianbao_submissions_total Submissions by their one outcome.",
        "# TYPE tianbao_submissions_total counter",
        *(
            f'tianbao_submissions_total{{outcome="{outcome.value}"}} {intake.outcomes[outcome]}'
            for outcome in Outcome
        ),
        "# HELP tianbao_queue_depth Submissions waiting for their commit.",
        "# TYPE tianbao_queue_depth gauge",
        f"tianbao_queue_depth {intake.queue.depth}",
        "# HELP tianbao_commits_total Batches committed to disk.",
        "# TYPE tianbao_commits_total counter",
        f"tianbao_commits_total {intake.queue.commits}",
    ]
    return ("\n".join(lines) + "\n").encode()
