"""The command line: one function a command, each a few lines over what does the work.

Django is loaded only by the commands that need it. Must not know: how anything is done.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tianbao import __version__
from tianbao.config import Config, read_config
from tianbao.processes import PORT_DEFAULT, PORT_MAX, CannotStart, make_folder
from tianbao.texts import LANGUAGES


def main(argv: Sequence[str] | None = None) -> None:
    """Runs one command; exits with 1 and plain words where it cannot."""
    arguments = _parser().parse_args(argv)
    _set_environment(arguments)
    command: Callable[[argparse.Namespace], int | None] = arguments.command
    try:
        code = command(arguments)
    except CannotStart as error:
        print(error, file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tianbao", description="Registration at checkpoints, from a poster to a line list."
    )
    parser.add_argument("--version", action="version", version=f"tianbao {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, command: Callable[[argparse.Namespace], int | None], text: str, among: Any = commands
    ) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = among.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        sub.add_argument("--data", type=Path, help="data folder (default: TIANBAO_DATA, else ./tianbao-data)")
        sub.add_argument("--database-url", help="postgresql://… instead of SQLite in the data folder")
        return sub

    demo = add("demo", _demo, "everything with sample data in a throw-away folder")
    demo.add_argument("--port", type=_port, default=0, help="default: 8000 if free, else any")
    demo.add_argument("--json", action="store_true", help="say where it is as one line of JSON")

    serve = add("serve", _serve, "start the server; on an empty data folder, the first-run guide")
    serve.epilog = (
        "TIANBAO_SITE_RATE, …_BURST, TIANBAO_ADDRESS_…, TIANBAO_UNSCRIPTED_…, TIANBAO_WORK_BITS and "
        "TIANBAO_CONNECTIONS say what is let in before phones have to work or wait, and how many connections "
        "there are: see “tianbao doctor”."
    )
    serve.add_argument("--host", default="0.0.0.0", help="address to listen on (default: all)")  # noqa: S104
    serve.add_argument("--port", type=_port, default=PORT_DEFAULT)
    serve.add_argument("--workers", type=int, default=1, help="edge processes; SQLite takes one")
    serve.add_argument("--tls-cert", type=Path, help="certificate chain, PEM")
    serve.add_argument("--tls-key", type=Path, help="private key, PEM")
    serve.add_argument("--behind-proxy", action="store_true", help="trust X-Forwarded-* of a proxy on this machine")
    serve.add_argument("--no-browser", action="store_true", help="do not open the first-run guide by itself")
    serve.add_argument("--json", action="store_true", help="say where it is as one line of JSON")

    init = add("init", _init, "set up without a browser")
    init.add_argument("--organisation", required=True)
    init.add_argument("--area", default="", help="GB/T 2260 or GB/T 10114 code")
    init.add_argument("--site", required=True, help="name of the first site")
    init.add_argument("--user", required=True)
    init.add_argument("--password", default=os.environ.get("TIANBAO_PASSWORD", ""))
    init.add_argument("--address", default="", help="the base URL that phones open")
    init.add_argument("--contact", default="")
    init.add_argument("--json", action="store_true")

    export = add("export", _export, "take a table home (password in TIANBAO_PASSWORD)")
    export.add_argument("--user", required=True)
    export.add_argument("--form", required=True)
    export.add_argument("--format", choices=["csv", "xlsx"], default="xlsx")
    export.add_argument("--encoding", choices=["utf-8", "gb18030"], default="utf-8", help="for csv")
    export.add_argument(
        "--rows", choices=["apart", "joined"], help="repeats in a workbook, else as the form says; CSV joins"
    )
    export.add_argument("--language", choices=["zh-Hans", "en"], default="zh-Hans")
    export.add_argument("--guard-numbers", action="store_true", help="keep spreadsheets from rounding long numbers")
    export.add_argument("--out", type=Path, required=True)

    add("work", _work, "run the jobs in a process of their own")
    add("migrate", _migrate, "bring the database to this version")

    backup = add("backup", _backup, "the whole installation into one file, while it runs")
    backup.add_argument(
        "file", type=Path, metavar="FILE", help="a ZIP; what stood there is replaced once it is whole"
    )
    backup.add_argument("--keys", type=Path, help="where the keys go (default: FILE's name with .keys.zip)")
    backup.add_argument("--json", action="store_true", help="say it as one line of JSON")

    restore = add("restore", _restore, "a backup into an empty data folder, checked")
    restore.add_argument("file", type=_existing, metavar="FILE")
    restore.add_argument("--keys", type=_existing, metavar="FILE", help="the keys, where they were kept apart")
    restore.add_argument("--json", action="store_true", help="say it as one line of JSON")

    doctor = add("doctor", _doctor, "what is well with an installation and what is not")
    doctor.add_argument("--port", type=_port, default=PORT_DEFAULT)
    doctor.add_argument("--tls-cert", type=Path, help="certificate chain, PEM, as serve gets it")
    doctor.add_argument("--tls-key", type=Path, help="private key, PEM")
    doctor.add_argument("--json", action="store_true", help="say it as one line of JSON")
    doctor.add_argument("--language", choices=LANGUAGES, help="of the sentences (default: the terminal's)")

    user = add("user", _user, "change a user's password (old in TIANBAO_PASSWORD, new in TIANBAO_NEW_PASSWORD)")
    user.add_argument("action", choices=["password"])
    user.add_argument("name")

    site = add("site", _site, "list the sites, or add one")
    site.add_argument("action", choices=["list", "add"])
    site.add_argument("--name", default="")
    site.add_argument("--area", default="")

    text = "check, take in and write out forms as spreadsheets (XLSForm)"
    forms = commands.add_parser("form", help=text, description=text).add_subparsers(required=True, metavar="ACTION")
    for form in (
        add("check", _form_check, "say everything that is wrong with a form's file", forms),
        add("import", _form_import, "take in a form's file, as a draft of the designer or published", forms),
    ):
        form.add_argument("file", type=_existing, metavar="FILE", help=".xlsx .xls .csv .md, a ZIP or a folder")
        form.add_argument("--json", action="store_true", help="say it as one line of JSON")
        form.add_argument("--language", choices=LANGUAGES, help="of the sentences (default: the terminal's)")
    form.add_argument("--name", default="", help="the form's name here (default: its form_id)")
    form.add_argument("--publish", action="store_true", help="as the form's next version, at once")
    form = add("export", _form_export, "write a form as a spreadsheet", forms)
    form.add_argument("form", metavar="NAME|FILE", help="a published form by name, or a form's file")
    form.add_argument(
        "--to", type=Path, required=True, metavar="OUT", help=".xlsx, .md, .csv, or .zip with its pictures"
    )
    form.add_argument("--language", choices=LANGUAGES, help="of the sentences (default: the terminal's)")

    bench = add("bench", _bench, "measure this machine")
    bench.add_argument(
        "what", choices=["intake", "page", "receipts", "qr", "filled", "soak", "stages", "validation"]
    )
    bench.add_argument("--seconds", type=float, default=10.0)
    bench.add_argument("--connections", type=int, default=64)
    bench.add_argument("--rows", type=int, default=10_000_000, help="of filled: submissions that are stored before")
    bench.add_argument("--json", action="store_true")

    edge = add("edge", _edge, "the public side as a process of its own")
    edge.add_argument("--host", default="127.0.0.1")
    edge.add_argument("--port", type=int, required=True)
    edge.add_argument("--socket-fd", type=int, help="a listening socket that was handed over")
    edge.add_argument("--console-url", default="")
    edge.add_argument("--tls-cert", type=Path)
    edge.add_argument("--tls-key", type=Path)
    edge.add_argument("--behind-proxy", action="store_true")

    console = add("console", _console, "the console as a process of its own")
    console.add_argument("--port", type=int, required=True)
    return parser


def _set_environment(arguments: argparse.Namespace) -> None:
    if arguments.data is not None:
        os.environ["TIANBAO_DATA"] = str(arguments.data)
    if arguments.database_url:
        os.environ["TIANBAO_DATABASE_URL"] = arguments.database_url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tianbao.settings")


def _demo(arguments: argparse.Namespace) -> int:
    from tianbao.demo import run_demo

    return run_demo(port=arguments.port, is_json=arguments.json, folder=arguments.data)


def _serve(arguments: argparse.Namespace) -> int:
    from tianbao.server import Listening, run_server

    listening = Listening(
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        tls_cert=arguments.tls_cert,
        tls_key=arguments.tls_key,
        is_behind_proxy=arguments.behind_proxy,
    )
    return run_server(read_config(), listening, opens_browser=not arguments.no_browser, is_json=arguments.json)


def _init(arguments: argparse.Namespace) -> int:
    from tianbao.commands import init_installation

    return init_installation(_folder_made(read_config()), arguments)


def _export(arguments: argparse.Namespace) -> int:
    from tianbao.commands import export_table

    return export_table(read_config(), arguments)


def _form_check(arguments: argparse.Namespace) -> int:
    from tianbao.form_commands import check_file

    return check_file(arguments)


def _form_import(arguments: argparse.Namespace) -> int:
    from tianbao.form_commands import import_file

    return import_file(_folder_made(read_config()), arguments)


def _form_export(arguments: argparse.Namespace) -> int:
    from tianbao.form_commands import export_definition

    return export_definition(read_config(), arguments)


def _work(arguments: argparse.Namespace) -> int:
    from tianbao.server import run_jobs_process

    return run_jobs_process()


def _migrate(arguments: argparse.Namespace) -> int:
    from tianbao.server import migrate

    migrate(_folder_made(read_config()))
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    from tianbao.backup_commands import back_up

    return back_up(read_config(), arguments)


def _restore(arguments: argparse.Namespace) -> int:
    from tianbao.backup_commands import restore

    return restore(read_config(), arguments)


def _doctor(arguments: argparse.Namespace) -> int:
    from tianbao.doctor_command import run_doctor

    return run_doctor(read_config(), arguments)


def _user(arguments: argparse.Namespace) -> int:
    from tianbao.commands import change_user_password

    return change_user_password(read_config(), arguments.name)


def _site(arguments: argparse.Namespace) -> int:
    from tianbao.commands import add_site, list_sites

    if arguments.action == "list":
        return list_sites(read_config())
    return add_site(read_config(), name=arguments.name, area=arguments.area)


def _bench(arguments: argparse.Namespace) -> int:
    from tianbao.bench.filled import run_filled_bench
    from tianbao.bench.rates import Subject, run_rate_bench
    from tianbao.bench.soak import run_soak_bench
    from tianbao.bench.stages import run_stage_bench
    from tianbao.bench.validation import run_validation_bench

    seconds = arguments.seconds
    match arguments.what:
        case "validation":
            table: Any = run_validation_bench(seconds=seconds)
        case "stages":
            table = run_stage_bench(seconds=seconds)
        case "filled":
            table = run_filled_bench(rows=arguments.rows, seconds=seconds, connections=arguments.connections)
        case "soak":
            table = run_soak_bench(seconds=seconds, connections=arguments.connections)
        case what:
            table = run_rate_bench(Subject(what), seconds=seconds, connections=arguments.connections)
    print(json.dumps(table.as_dict()) if arguments.json else table.as_text())
    return 0


def _edge(arguments: argparse.Namespace) -> int:
    from tianbao.server import run_edge_process

    return run_edge_process(
        read_config(),
        host=arguments.host,
        port=arguments.port,
        console_url=arguments.console_url,
        socket_fd=arguments.socket_fd,
        tls_cert=arguments.tls_cert,
        tls_key=arguments.tls_key,
        is_behind_proxy=arguments.behind_proxy,
    )


def _console(arguments: argparse.Namespace) -> int:
    from tianbao.server import run_console_process

    return run_console_process(port=arguments.port)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > PORT_MAX:
        raise argparse.ArgumentTypeError(
            f"端口是 0 到 {PORT_MAX} 的数字。 A port is a number from 0 to {PORT_MAX}: {text}"
        )
    return int(text)


def _existing(path: str) -> Path:
    if not Path(path).exists():
        raise argparse.ArgumentTypeError(f"没有这个文件。 There is no such file: {path}")
    return Path(path)


def _folder_made(config: Config) -> Config:
    make_folder(config.data)
    return config
