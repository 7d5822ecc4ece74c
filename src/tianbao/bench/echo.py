"""The least a server can do with a post: send it back. By uvicorn as the edge runs, and by granian where it is.

`python -m tianbao.bench.echo SERVER PORT` runs one. Must not know: what it is compared with.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec

from tianbao.bench.load import HOST


def echo_servers() -> list[str]:
    """Those that are installed."""
    return ["uvicorn", "granian"] if find_spec("granian") else ["uvicorn"]


def start_echo(name: str, port: int) -> subprocess.Popen[bytes]:
    """A process that listens soon."""
    command = [sys.executable, "-m", "tianbao.bench.echo", name, str(port)]
    return subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603


async def echo_app(scope: dict[str, object], receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
    """The least an ASGI application can do with a post: read it, send it back."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _serve_echo(server: str, port: int) -> None:
    if server == "granian":
        from granian import Granian
        from granian.constants import Interfaces, Loops

        Granian(
            "tianbao.bench.echo:echo_app",
            address=HOST,
            port=port,
            interface=Interfaces.ASGINL,
            loop=Loops.uvloop,
            log_enabled=False,
        ).serve()
        return
    import uvicorn

    uvicorn.run(
        echo_app,
        host=HOST,
        port=port,
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    _serve_echo(sys.argv[1], int(sys.argv[2]))
