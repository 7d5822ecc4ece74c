"""Starting: the demo, the server, and what they say when they cannot."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from tests.installation import free_port, run_tianbao, serve, started

from tianbao.demo import STOPPED
from tianbao.store.sqlite import bring_recent_sqlite

bring_recent_sqlite()

import sqlite3  # noqa: E402


def fetch(url: str, data: dict[str, str] | None = None, opener: urllib.request.OpenerDirector | None = None) -> str:
    body = urllib.parse.urlencode(data).encode() if data is not None else None
    with (opener or urllib.request.build_opener()).open(urllib.request.Request(url, body), timeout=30) as answer:
        return answer.read().decode()


def test_the_demo_is_everything_with_people_in_it() -> None:
    with started("demo", "--json", "--port", str(free_port())) as (process, said):
        assert {"console", "site", "user", "password", "data"} <= set(said)
        assert "<form" in fetch(said["site"])
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        page = fetch(said["console"], opener=opener)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        sign_in = {"username": said["user"], "password": said["password"], "csrfmiddlewaretoken": token[1]}
        fetch(f"{said['console']}login", sign_in, opener)
        html = fetch(f"{said['console']}records", opener=opener)
        assert html.count("<tr data-id=") == 50
        assert "已密封" not in html.split("<tbody>")[1]  # the demo unlocks itself
        data = Path(said["data"])
        database = sqlite3.connect(f"file:{data / 'main.db'}?mode=ro", uri=True)
        for _ in range(100):
            records = database.execute("SELECT count(*) FROM record").fetchone()[0]
            if records >= 300:
                break
            time.sleep(0.1)
        assert records >= 300
        assert database.execute("SELECT count(*) FROM site").fetchone()[0] == 3
        database.close()
        process.terminate()
        assert process.wait(30) == 0
        assert not data.exists()


def test_the_setup_link_is_there_once_and_a_second_server_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serve(data) as (_, said):
        assert "/console/setup/" in said["setup"]
        assert fetch(said["setup"])
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(said["setup"][:-4] + "AAAA")
        assert refused.value.code == 410
        second = run_tianbao("serve", "--data", str(data), "--host", "127.0.0.1", "--port", str(free_port()))
        assert second.returncode == 1
        assert "already running" in second.stderr
        assert "Traceback" not in second.stderr


def test_a_port_that_is_taken_is_said_in_plain_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = run_tianbao("serve", "--data", str(tmp_path), "--host", "127.0.0.1", "--port", port)
    assert ended.returncode == 1
    assert port in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_is_none_is_said_in_plain_words(tmp_path: Path, port: str) -> None:
    ended = run_tianbao("serve", "--data", str(tmp_path), f"--port={port}")
    assert ended.returncode == 2
    assert "65535" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="a signal for POSIX only")
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_as_soon_as_it_runs_it_stops_cleanly(tmp_path: Path, told: signal.Signals) -> None:
    with serve(tmp_path / "data") as (process, _):
        process.send_signal(told)
        assert process.wait(30) == 0
    with sqlite3.connect(tmp_path / "data" / "server.lock", timeout=0) as lock:
        lock.execute("BEGIN EXCLUSIVE")


def test_a_demo_told_to_stop_while_it_fills_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tianbao", "demo", "--json"]
    with subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE) as demo:
        until = time.monotonic() + 30
        while not list(tmp_path.glob("tianbao-demo-*/main.db")) and time.monotonic() < until:
            time.sleep(0.05)
        demo.terminate()
        assert demo.wait(30) == STOPPED
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--host", "127.0.0.1", "--port", "0"),
        ("init", "--organisation", "镇政府", "--site", "东口", "--user", "clerk", "--password", "安静的夜晚值班"),
        ("migrate",),
    ],
    ids=lambda command: command[0],
)
def test_a_folder_that_cannot_be_written_is_said_in_plain_words(tmp_path: Path, command: tuple[str, ...]) -> None:
    in_the_way = tmp_path / "a-file"
    in_the_way.write_text("not a folder")
    ended = run_tianbao(*command, "--data", str(in_the_way))
    assert ended.returncode == 1
    assert str(in_the_way) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_init_refuses_a_weak_password_in_plain_words(tmp_path: Path) -> None:
    options = ("--organisation", "镇政府", "--area", "130636", "--site", "东口", "--user", "clerk")
    ended = run_tianbao("init", "--data", str(tmp_path), *options, "--password", "short")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.strip()


def test_a_wrong_password_exports_nothing(tmp_path: Path) -> None:
    options = ("--organisation", "镇政府", "--area", "130636", "--site", "东口", "--user", "clerk")
    run_tianbao("init", "--data", str(tmp_path), *options, "--password", "a calm night at the gate")
    out = tmp_path / "table.xlsx"
    asked = ("--data", str(tmp_path), "--user", "clerk", "--form", "migrant", "--out", str(out))
    ended = run_tianbao("export", *asked, TIANBAO_PASSWORD="a guess at the gate")
    assert ended.returncode == 1
    assert not out.exists()
