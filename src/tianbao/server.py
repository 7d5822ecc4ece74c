"""`tianbao serve`: checks, migrations, and the processes of an installation from start to stop.

Must not know: what is served. Each process is started from here and runs here: the edge with uvicorn, the
console with waitress, the jobs in a loop.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tianbao.config import Config
from tianbao.processes import CannotStart, Child, FolderLock, say_ready, stop_with_parent, watch

if TYPE_CHECKING:
    from tianbao.edge.app import Edge

CONSOLE_THREADS = 8
CONSOLE_HELD_BYTES_MAX = 1 << 20
"""Of an answer that its reader takes slowly: an export waits."""
JOBS_NICENESS = 5
"""Registrations come first; what the jobs do with them may wait."""
RESTART_PAUSE_S = 1.0
KEEP_ALIVE_S = 30
"""An idle connection is closed after this; short of it a stalled loop would cut off posts that lie waiting."""
BACKLOG = 2_048
OTHER_FILES = 512
"""Descriptors that an edge needs for other things than connections."""
HANDED_FD = 3
"""The first descriptor that systemd hands over."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server listens and how."""

    host: str
    port: int
    workers: int = 1
    tls_cert: Path | None = None
    tls_key: Path | None = None
    is_behind_proxy: bool = False
    socket_fd: int | None = None
    """A listening socket that was handed over, in place of host and port."""

    @property
    def scheme(self) -> str:
        return "https" if self.tls_cert else "http"

    @property
    def local_url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


@dataclass(slots=True)
class Running:
    """The processes of a running installation."""

    listening: Listening
    setup_token: str
    children: list[Child] = field(default_factory=list)

    @property
    def setup_url(self) -> str:
        return f"{self.listening.local_url}/console/setup/{self.setup_token}" if self.setup_token else ""

    def stop(self) -> None:
        """The edge first, so that nothing is taken that nobody waits for."""
        for child in reversed(self.children):
            child.stop()


def run_server(config: Config, listening: Listening, *, opens_browser: bool, is_json: bool) -> int:
    """Serves until it is told to stop."""
    if config.is_sqlite and listening.workers > 1:
        raise CannotStart(
            "SQLite 只用一个接收进程；多个进程请用 --database-url。 "
            "SQLite takes one edge process; for more, give --database-url."
        )
    lock = FolderLock(config.data)
    if (handed := handed_socket()) is not None:
        host, port = handed.getsockname()[:2]
        listening = replace(listening, host=host, port=port, socket_fd=handed.fileno())
    elif not listening.port:
        listening = replace(listening, port=free_port())
    try:
        with running_server(config, listening) as running:
            stop = stop_signals()
            _say_where(running, is_json=is_json)
            if running.setup_url and opens_browser and sys.stdout.isatty():
                webbrowser.open(running.setup_url)
            return keep_running(running, stop)
    finally:
        lock.release()


@contextmanager
def running_server(
    config: Config, listening: Listening, *, environment: dict[str, str] | None = None
) -> Iterator[Running]:
    """A migrated, started installation; stopped again at the end."""
    if listening.socket_fd is None:
        _check_port(listening)
    migrate(config)
    running = Running(listening, "" if _is_set_up() else secrets.token_urlsafe(24))
    console_port = free_port()
    staff_token = secrets.token_urlsafe(32)
    shared = {
        **config.environment(),
        **(environment or {}),
        "TIANBAO_EDGE_URL": listening.local_url,
        "TIANBAO_EDGE_TOKEN": staff_token,
        "TIANBAO_SETUP_TOKEN": running.setup_token,
        "TIANBAO_PORT": str(listening.port),
        "TIANBAO_HTTPS": "1" if listening.tls_cert or listening.is_behind_proxy else "0",
    }
    edge = ["edge", "--host", listening.host, "--port", str(listening.port)]
    edge += ["--console-url", f"http://127.0.0.1:{console_port}"]
    sockets = [] if listening.socket_fd is None else [listening.socket_fd]
    if sockets:
        edge += ["--socket-fd", str(listening.socket_fd)]
    if listening.tls_cert:
        edge += ["--tls-cert", str(listening.tls_cert), "--tls-key", str(listening.tls_key)]
    if listening.is_behind_proxy:
        edge += ["--behind-proxy"]
    commands = [
        ("jobs", ["work"]),
        ("console", ["console", "--port", str(console_port)]),
        *[("edge", edge)] * listening.workers,
    ]
    try:
        for name, arguments in commands:
            running.children.append(Child(name, arguments, shared, sockets=sockets if name == "edge" else ()))
        for child in running.children:
            child.wait_until_ready()
        yield running
    finally:
        running.stop()


def stop_signals() -> threading.Event:
    """Set by Ctrl-C or a stop signal, from now on: asked for before anybody is told that the server runs."""
    stop = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    return stop


def keep_running(running: Running, stop: threading.Event) -> int:
    """Waits until it is to stop; ends with 1 if a process of the installation ended by itself."""
    ended = watch(running.children, until=stop)
    if ended is not None:
        print(
            f"{ended.name} 进程意外结束（{ended.exit_code}）。 "
            f"The {ended.name} process ended by itself ({ended.exit_code}).",
            file=sys.stderr,
        )
        return 1
    return 0


def migrate(config: Config) -> None:
    """Brings the tables to this version; plain words where the folder or the server refuses."""
    import django
    from django.core.management import call_command
    from django.db import OperationalError

    try:
        django.setup()
        for database in ["default", "intake"] if config.is_sqlite else ["default"]:
            call_command("migrate", database=database, verbosity=0, interactive=False)
        call_command("clearsessions")
    except (OSError, OperationalError) as error:
        raise CannotStart(f"数据库无法打开。 The database cannot be opened: {config.data} ({error})") from error


def _is_set_up() -> bool:
    from tianbao.store.models import Organisation

    return Organisation.objects.exists()


def _say_where(running: Running, *, is_json: bool) -> None:
    listening = running.listening
    if is_json:
        said = {
            "url": listening.local_url,
            "console": f"{listening.local_url}/console/",
            "setup": running.setup_url,
            "pids": {child.name: child.pid for child in running.children},
        }
        print(json.dumps(said), flush=True)
        return
    print(f"填报已启动。 Tianbao is running: {listening.local_url}/console/")
    if running.setup_url:
        print(f"第一次使用，请打开（只能用一次）。 First run, open this once:\n\n    {running.setup_url}\n")
    print("按 Ctrl-C 停止。 Ctrl-C stops it.", flush=True)


def _check_port(listening: Listening) -> None:
    with closing(socket.socket()) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listening.host, listening.port))
        except OSError as error:
            raise CannotStart(
                f"端口 {listening.port} 不能用，换一个：--port。 "
                f"Port {listening.port} cannot be used ({error.strerror}); choose another with --port."
            ) from error


def handed_socket() -> socket.socket | None:
    """The listening socket that systemd handed over (sd_listen_fds(3)): it stays open when we restart."""
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()) or os.environ.pop("LISTEN_FDS", "") != "1":
        return None
    return socket.socket(fileno=HANDED_FD)


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# --- the processes themselves


def file_limit() -> int:
    """How many open files, and so connections, the system allows a process of this user."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return sys.maxsize
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return sys.maxsize if most == resource.RLIM_INFINITY else most


def connections_possible(wanted: int) -> int:
    """How many connections an edge can have open at once, of those that it is set to."""
    return min(wanted, file_limit() - OTHER_FILES)


def raise_file_limit() -> None:
    """As many open files as the system allows."""
    if (most := file_limit()) < sys.maxsize:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def edge_protocol(edge: Edge) -> Any:
    """What uvicorn makes a connection's protocol of: ours beside httptools, its own without."""
    if find_spec("httptools") is None:
        return "auto"
    from tianbao.edge.protocol import Protocol

    return partial(Protocol, edge)


def run_edge_process(
    config: Config,
    *,
    host: str,
    port: int,
    console_url: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    is_behind_proxy: bool,
    socket_fd: int | None,
) -> int:
    """The edge under uvicorn, with the console behind it if there is one."""
    import uvicorn

    from tianbao.asgi import FrontDoor
    from tianbao.edge.app import Edge

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                say_ready(port=port)

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    edge = Edge(config, staff_token=os.environ.get("TIANBAO_EDGE_TOKEN", ""))
    raise_file_limit()
    edge.connections_max = connections_possible(wanted := edge.connections_max)
    if edge.connections_max < wanted:
        log.warning("%d connections in place of %d: %d open files", edge.connections_max, wanted, file_limit())
    server = Server(
        uvicorn.Config(
            FrontDoor(edge, console_url),
            http=edge_protocol(edge),
            host=host,
            port=port,
            backlog=BACKLOG,
            lifespan="on",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=is_behind_proxy,
            forwarded_allow_ips="127.0.0.1",
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
            timeout_graceful_shutdown=10,
            timeout_keep_alive=KEEP_ALIVE_S,
        )
    )

    def stop() -> None:
        edge.is_stopping = True
        server.should_exit = True

    stop_with_parent(stop)
    server.run(sockets=[_listen(host, port) if socket_fd is None else socket.socket(fileno=socket_fd)])
    return 0


def run_console_process(*, port: int) -> int:
    """The console under waitress, on the loopback interface only."""
    import waitress

    from tianbao.asgi import CONSOLE_BODY_BYTES_MAX
    from tianbao.wsgi import application

    _unlock_demo()
    server: Any = waitress.create_server(
        application,
        listen=f"127.0.0.1:{port}",
        threads=CONSOLE_THREADS,
        trusted_proxy="127.0.0.1",
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"},
        clear_untrusted_proxy_headers=True,
        ident="",
        max_request_body_size=CONSOLE_BODY_BYTES_MAX,
        outbuf_high_watermark=CONSOLE_HELD_BYTES_MAX,
        # never reached: what overflows would go to a temporary file, and names go to no disk
        inbuf_overflow=64 * CONSOLE_BODY_BYTES_MAX,
        outbuf_overflow=64 * CONSOLE_HELD_BYTES_MAX,
    )
    stop_with_parent(lambda: os._exit(0))
    say_ready(port=port)
    server.run()
    return 0


def run_jobs_process() -> int:
    """The jobs' loop."""
    import django

    django.setup()
    from tianbao.services.jobs import run_jobs

    if hasattr(os, "nice"):
        os.nice(JOBS_NICENESS)
    stop = threading.Event()
    stop_with_parent(stop.set)
    say_ready()
    run_jobs(stop)
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; several edges of one machine share a port where the system can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    if os.name != "nt":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    listening.set_inheritable(True)
    return listening


def _unlock_demo() -> None:
    officer, password = os.environ.get("TIANBAO_DEMO_OFFICER", ""), os.environ.get("TIANBAO_DEMO_PASSWORD", "")
    if officer:
        from tianbao.console.keyring import KEYRING

        KEYRING.unlock(officer_id=officer, password=password)
