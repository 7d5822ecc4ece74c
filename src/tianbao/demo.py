"""`tianbao demo`: an installation with people in it, in a folder that goes away with it.

Set up by the same services and filled through the same intake as a real one. Must not know: any way around them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tianbao.config import Config, read_config
from tianbao.domain.ids import uuid7
from tianbao.domain.receipts import Receipt
from tianbao.edge.app import Edge
from tianbao.processes import PORT_DEFAULT
from tianbao.samples import People
from tianbao.server import Listening, keep_running, migrate, running_server, stop_signals

REGISTRATIONS: Final = 360
HOURS_BACK: Final = 40
USER: Final = "demo"
PASSWORD: Final = "demo-2020-checkpoint"  # noqa: S105 - printed for whoever starts the demo
_ORGANISATION: Final = "顺平县蒲阳镇人民政府"
_AREA: Final = "130636100"
_SITES: Final = ("北关村东口检查点", "蒲阳镇客运站", "福泽园小区南门")
_ESTATE_FORMS: Final = ("observation", "errand")
"""What the last of them, a housing estate, asks beside who comes."""


STOPPED: Final = 143
"""Exit code of who was told to stop before there was anything to stop."""


def run_demo(*, port: int, is_json: bool, folder: Path | None) -> int:
    """Sets up, fills and serves until it is told to stop; the folder is removed unless it was given."""
    data = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="tianbao-demo-"))
    os.environ["TIANBAO_DATA"] = str(data)
    config = read_config()
    listening = Listening("127.0.0.1", port or _choose_port())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(STOPPED))  # while it fills, too, the folder goes
    try:
        migrate(config)
        site_path, officer = _set_up(config, listening.local_url)
        asyncio.run(_fill(config))
        unlocks = {"TIANBAO_DEMO_OFFICER": officer, "TIANBAO_DEMO_PASSWORD": PASSWORD}
        with running_server(config, listening, environment=unlocks) as running:
            where = {
                "console": f"{listening.local_url}/console/",
                "site": f"{listening.local_url}{site_path}",
                "user": USER,
                "password": PASSWORD,
                "data": str(data),
            }
            stop = stop_signals()
            _say(where, is_json=is_json)
            return keep_running(running, stop)
    finally:
        if folder is None:
            shutil.rmtree(data, ignore_errors=True)


def _say(where: dict[str, str], *, is_json: bool) -> None:
    if is_json:
        print(json.dumps(where), flush=True)
        return
    print(
        f"填报演示已就绪，数据在关闭时删除。 The Tianbao demo is ready; its data goes when it stops.\n\n"
        f"  登记页 form      {where['site']}\n"
        f"  控制台 console   {where['console']}\n"
        f"  用户名 user      {where['user']}\n"
        f"  密码   password  {where['password']}\n\n"
        "按 Ctrl-C 停止。 Ctrl-C stops it.",
        flush=True,
    )


def _set_up(config: Config, address: str) -> tuple[str, str]:
    from django.db import connections

    from tianbao.domain.access import EVERYWHERE
    from tianbao.services.forms import built_in_form, publish_form
    from tianbao.services.setup import set_up_installation
    from tianbao.services.site_forms import give_form
    from tianbao.services.sites import create_site
    from tianbao.store.models import Organisation, Staff

    if Organisation.objects.exists():
        raise SystemExit(f"这个文件夹里已有数据。 There is an installation in this folder already: {config.data}")
    now_ms = _now_ms()
    first = set_up_installation(
        organisation=_ORGANISATION,
        area=_AREA,
        address=address,
        contact="0312-7690000",
        username=USER,
        password=PASSWORD,
        site_name=_SITES[0],
        site_area=_AREA,
        keys=config.keys,
        now_ms=now_ms,
    )
    staff = Staff.objects.get(username=USER)
    for name in _SITES[1:]:
        site = create_site(name=name, area=_AREA, reach=EVERYWHERE, staff=staff, now_ms=now_ms)
    for kit in _ESTATE_FORMS:
        publish_form(form=built_in_form(kit), staff=staff, now_ms=now_ms)
        give_form(name=kit, sites=[site], staff=staff, now_ms=now_ms)
    connections.close_all()
    return f"/S/{first.code}", str(staff.pk)


async def _fill(config: Config) -> None:
    """Registrations of the last hours, more of them in the evening, through the intake itself."""
    edge = Edge(config)
    await edge.start()
    context = edge.context
    chance = random.Random(2020)  # noqa: S311 - where imagined people arrive
    zone = ZoneInfo("Asia/Shanghai")
    codes = sorted(context.catalogue.sites)
    first_day = datetime.fromtimestamp(_now_ms() / 1000, zone).date() - timedelta(days=HOURS_BACK // 24 + 1)
    people = People(context.places, seed=2020, today=first_day)
    for arrived_ms in _arrivals(chance, zone):
        receipt = Receipt(uuid7(arrived_ms, chance.randbytes(10)).hex, os.urandom(16))
        code = chance.choices(codes, weights=range(1, len(codes) + 1))[0]
        target = chance.choice(context.targets(code))
        make = {"observation": people.make_observation, "errand": people.make_errand}
        answers = make.get(target.published.form.name, people.make_answers)()
        await context.intake.register(target, receipt, answers, now_ms=arrived_ms)
    await edge.stop()


def _arrivals(chance: random.Random, zone: ZoneInfo) -> list[int]:
    now = _now_ms()
    times = [now - chance.randint(0, HOURS_BACK * 3_600_000) for _ in range(REGISTRATIONS * 4)]
    weights = [1 + 6 * (7 <= datetime.fromtimestamp(at / 1000, zone).hour <= 21) for at in times]
    return sorted(chance.choices(times, weights=weights, k=REGISTRATIONS))


def _choose_port() -> int:
    for port in (PORT_DEFAULT, 0):
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise AssertionError("port 0 is always free")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
