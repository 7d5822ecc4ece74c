"""What the command line asks of services: set-up, sites, passwords, tables.

Must not know: how services do it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from tianbao.config import Config
from tianbao.domain.problems import Refused
from tianbao.processes import CannotStart
from tianbao.server import migrate


def init_installation(config: Config, arguments: argparse.Namespace) -> int:
    """Sets up an empty data folder."""
    migrate(config)
    from tianbao.services.setup import set_up_installation

    with plain_words():
        site = set_up_installation(
            organisation=arguments.organisation,
            area=arguments.area,
            address=arguments.address or "http://127.0.0.1:8000",
            contact=arguments.contact,
            username=arguments.user,
            password=arguments.password,
            site_name=arguments.site,
            site_area=arguments.area,
            keys=config.keys,
            now_ms=now_ms(),
        )
    if arguments.json:
        print(json.dumps({"site": f"/S/{site.code}", "user": arguments.user, "data": str(config.data)}))
    else:
        print(f"已就绪。 Ready: /S/{site.code}\n启动 Start it with: tianbao serve --data {config.data}")
    return 0


def list_sites(config: Config) -> int:
    """Code, state and name of every site, tab-separated."""
    migrate(config)
    from tianbao.store.models import Site

    for site in Site.objects.order_by("created_ms"):
        print(f"{site.code}\t{site.state}\t{site.name}")
    return 0


def add_site(config: Config, *, name: str, area: str) -> int:
    """A new site; prints its path."""
    migrate(config)
    from tianbao.domain.access import EVERYWHERE
    from tianbao.services.sites import create_site

    with plain_words():
        site = create_site(name=name, area=area, reach=EVERYWHERE, staff=None, now_ms=now_ms())
        print(f"/S/{site.code}")
    return 0


def change_user_password(config: Config, username: str) -> int:
    """Old password in TIANBAO_PASSWORD, new one in TIANBAO_NEW_PASSWORD: neither stands in the process list."""
    migrate(config)
    from tianbao.services.staff import change_password
    from tianbao.store.models import Staff

    staff = Staff.objects.filter(username=username).first()
    if staff is None:
        raise CannotStart(f"没有这个用户。 There is no such user: {username}")
    with plain_words():
        change_password(
            staff=staff,
            old=os.environ.get("TIANBAO_PASSWORD", ""),
            new=os.environ.get("TIANBAO_NEW_PASSWORD", ""),
            keys=config.keys,
            now_ms=now_ms(),
        )
    return 0


def export_table(config: Config, arguments: argparse.Namespace) -> int:
    """Everything of a form into a file; the password unlocks the names."""
    migrate(config)
    from tianbao.domain.access import Permission
    from tianbao.domain.ids import uuid7
    from tianbao.services.access import load_access, require
    from tianbao.services.exporting import Asked, Shape, export_form
    from tianbao.services.keys import Keyring
    from tianbao.services.records import merged_form
    from tianbao.services.selection import Filters
    from tianbao.store.models import FormVersion, Staff

    password = os.environ.get("TIANBAO_PASSWORD", "")
    staff = Staff.objects.filter(username=arguments.user, is_active=True).first()
    keyring = Keyring(config.keys)
    if (
        staff is None
        or not staff.check_password(password)
        or not keyring.unlock(officer_id=str(staff.pk), password=password)
    ):
        raise CannotStart("用户名或密码不对。 Wrong user name or password (TIANBAO_PASSWORD).")
    shapes = {
        ("xlsx", "apart"): Shape.WORKBOOK,
        ("xlsx", "joined"): Shape.JOINED_WORKBOOK,
        ("csv", "utf-8"): Shape.CSV,
        ("csv", "gb18030"): Shape.CSV_GB18030,
    }
    if not FormVersion.objects.filter(name=arguments.form).exists():
        raise CannotStart(f"没有这个表单。 There is no such form: {arguments.form}")
    access = load_access(staff=staff, now_ms=now_ms())
    with plain_words():
        require(access, Permission.EXPORT)
    merged = merged_form(arguments.form)
    is_csv = arguments.format == "csv"
    asked = Asked(
        filters=Filters(form=arguments.form, reach=access.reach(Permission.EXPORT)),
        shape=shapes[arguments.format, arguments.encoding if is_csv else arguments.rows or merged.repeats.value],
        language=arguments.language,
        guards_numbers=arguments.guard_numbers,
    )
    beside = arguments.out.with_name(arguments.out.name + ".part")
    with plain_words(), beside.open("wb") as file:
        rows = export_form(
            file,
            asked=asked,
            keyring=keyring,
            staff=staff,
            export_id=uuid7(now_ms(), os.urandom(10)),
            now_ms=now_ms(),
            on_progress=_progress if sys.stderr.isatty() else None,
        )
    beside.replace(arguments.out)
    print(f"{rows} → {arguments.out}", file=sys.stderr)
    return 0


def _progress(done: int, total: int) -> None:
    print(f"\r{done} / {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)


class plain_words:  # noqa: N801 - read as a phrase
    """Turns a refusal into the sentence somebody at a terminal understands."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused):
            from tianbao.services.refusals import message
            from tianbao.texts import translator

            problem = error.problems[0]
            sentences = [message(problem, translator(language), problem.question) for language in ("zh-Hans", "en")]
            raise CannotStart(" ".join(sentences)) from error


def now_ms() -> int:
    return time.time_ns() // 1_000_000
