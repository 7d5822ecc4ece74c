"""The jobs process: follows what must happen after a commit, until it is told to stop.

Must not know: what a job does, only in which order and how often.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from django.conf import settings
from django.db import close_old_connections

from tianbao.services.deletion import tick_deletion
from tianbao.services.files import keep_files_after_clock_jump, sweep_files
from tianbao.services.form_pictures import sweep_pictures
from tianbao.services.projection import Projector

IDLE_WAIT_S: Final = 0.2
FAILED_WAIT_S: Final = 2.0

DELETE_EVERY_S: Final = 60.0
SWEEP_EVERY_S: Final = 3_600.0
CLOCK_JUMP_S: Final = 600.0

log = logging.getLogger(__name__)


def run_jobs(stop: threading.Event) -> None:
    """Projects submissions as they come; waits a little when there are none, longer after a failure.

    Once an hour it sweeps the files that nobody submitted and the pictures that no form names; once a minute it
    looks whether a day is to be deleted.
    """
    projector = Projector()
    wait_s, swept_s, ticked_s = 0.0, float("-inf"), float("-inf")
    clock_s = time.time() - time.monotonic()
    while not stop.wait(wait_s):
        close_old_connections()
        try:
            if abs(time.time() - time.monotonic() - clock_s) > CLOCK_JUMP_S:
                keep_files_after_clock_jump()
                clock_s = time.time() - time.monotonic()
            if time.monotonic() - swept_s > SWEEP_EVERY_S:
                swept_s = time.monotonic()
                sweep_files()
                sweep_pictures(now_ms=time.time_ns() // 1_000_000)
            if time.monotonic() - ticked_s > DELETE_EVERY_S:
                ticked_s = time.monotonic()
                tick_deletion(now_ms=time.time_ns() // 1_000_000, keys=settings.CONFIG.keys)
            wait_s = 0.0 if projector.project_batch() else IDLE_WAIT_S
        except Exception:
            log.exception("projecting a batch failed; it will be tried again")
            projector = Projector()
            wait_s = FAILED_WAIT_S
