"""`tianbao doctor` on installations that are well and on such that are not: what it finds, says and answers scripts."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.edge_client import make_installation
from tests.installation import free_port, run_tianbao, serve

from tianbao.config import Limits
from tianbao.doctor import (
    Finding,
    Found,
    Level,
    examine_certificate,
    examine_limits,
    judge_space,
    judge_syncs,
    sync_times_ms,
)
from tianbao.doctor_command import words
from tianbao.domain.floods import Limit
from tianbao.store.sqlite import bring_recent_sqlite
from tianbao.texts import translator

bring_recent_sqlite()

import sqlite3  # noqa: E402

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("doctor") / "made"
    make_installation(data)
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """An installation to do harm to."""
    return Path(shutil.copytree(made, tmp_path / "data"))


def ask(data: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """(exit code, findings by name)"""
    port = () if "--port" in more else ("--port", str(free_port()))
    done = run_tianbao("doctor", "--data", str(data), "--json", *port, *more)
    assert done.returncode in (0, 1), done.stderr
    said = json.loads(done.stdout)
    assert said["is_well"] == (done.returncode == 0)
    return done.returncode, {finding["found"]: finding for finding in said["findings"]}


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(sql)


def test_an_installation_that_is_well(data: Path) -> None:
    code, found = ask(data)
    assert code == 0
    assert {"database_sound", "clock_good", "keys_good", "migrations_good", "records_good", "port_free"} <= set(
        found
    )
    assert all(finding["level"] != "problem" for finding in found.values())


def test_it_runs_beside_the_server_and_says_so(data: Path) -> None:
    with serve(data) as (_, said):
        code, found = ask(data, "--port", said["url"].rpartition(":")[2])
    assert (code, "port_ours" in found) == (0, True)


def harm_nothing_there(data: Path) -> None:
    (data / "main.db").unlink()


def harm_damaged(data: Path) -> None:
    with (data / "intake.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)


def harm_database_gone(data: Path) -> None:
    (data / "intake.db").unlink()


def harm_officers_gone(data: Path) -> None:
    (data / "keys" / "officers.json").unlink()


def harm_key_file(data: Path) -> None:
    (data / "keys" / "officers.json").write_text("{")


def harm_day_gone(data: Path) -> None:
    change(data / "intake.db", "INSERT INTO intake_key VALUES ('k', '2026-11-23_2099-01-01', x'00', 1)")


def harm_clock(data: Path) -> None:
    later = (int(time.time()) + 7_200) * 1000
    change(
        data / "intake.db",
        "INSERT INTO submission (id, record, revision, kind, source, site, county, form, version, received_ms,"
        " secret_digest, mac, data_key, sealed_key, sealed, facts) VALUES"
        f" ('a', 'a', 1, 1, 1, 's', 'c', 'f', 1, {later}, x'', x'', 'k', x'', x'', '')",
    )


def harm_newer(data: Path) -> None:
    change(data / "main.db", "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_x', '')")


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (harm_nothing_there, "no_installation"),
        (harm_damaged, "database_damaged"),
        (harm_database_gone, "database_unreadable"),
        (harm_officers_gone, "keys_no_officer"),
        (harm_key_file, "keys_unreadable"),
        (harm_day_gone, "keys_missing"),
        (harm_clock, "clock_back"),
        (harm_newer, "migrations_newer"),
    ],
)
def test_what_is_wrong_is_a_problem_with_a_remedy(data: Path, harm: Any, found: str) -> None:
    harm(data)
    code, findings = ask(data)
    assert code == 1
    assert findings[found]["level"] == "problem"
    assert findings[found]["remedy"]


def test_what_deserves_a_look_is_no_problem(data: Path) -> None:
    change(data / "main.db", "DELETE FROM django_migrations WHERE app = 'store' AND name LIKE '0008%'")
    if os.name != "nt":
        (data / "keys").chmod(0o755)
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        code, found = ask(data, "--port", str(other.getsockname()[1]))
    assert code == 0
    for name in ("migrations_pending", "port_taken", *(["keys_open"] if os.name != "nt" else [])):
        assert found[name]["level"] == "warning"


def test_it_leaves_everything_as_it_is(data: Path) -> None:
    before = {path.name: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    ask(data)
    assert {path.name: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before


def test_a_clerk_reads_it(data: Path) -> None:
    done = run_tianbao("doctor", "--data", str(data / "none"), "--language", "zh-Hans")
    assert done.returncode == 1
    assert "没有填报的数据" in done.stdout
    assert "    → 请用 --data" in done.stdout


@pytest.mark.parametrize(
    ("ms", "found"), [(0.003, Found.SYNC_TOO_FAST), (0.6, Found.SYNC_GOOD), (250.0, Found.SYNC_SLOW)]
)
def test_a_sync_is_judged_by_its_median(ms: float, found: Found) -> None:
    assert judge_syncs([ms, ms, 5_000.0]).found is found


def test_limits_are_said_and_too_few_files_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(site=Limit(2.5, 40), connections=2_000)
    monkeypatch.setattr("tianbao.server.file_limit", lambda: 4_096)
    room, let_in = examine_limits(limits)
    assert (room.found, room.parameters) == (Found.CONNECTIONS_GOOD, {"connections": 2_000})
    said, _ = words(let_in, translator("en"))
    assert "2.5 a second at a site (40 at once)" in said
    monkeypatch.setattr("tianbao.server.file_limit", lambda: 1_024)
    room, _let_in = examine_limits(limits)
    assert (room.level, room.parameters["connections"]) == (Level.WARNING, 512)


def test_syncs_are_really_done(tmp_path: Path) -> None:
    assert len(sync_times_ms(tmp_path)) == 40
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("megabytes", "level"), [(100, "problem"), (2_000, "warning"), (50_000, "good")])
def test_space_is_judged(megabytes: int, level: str) -> None:
    assert judge_space(megabytes << 20).level == level


def certificate(
    folder: Path, *, days: int = 90, names: tuple[str, ...] = ("tianbao.example.org",)
) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    alternatives = [
        x509.IPAddress(ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names
    ]  # fmt: skip
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=100))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / f"{days}.pem", folder / f"{days}.key"
    cert_file.write_bytes(built.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return cert_file, key_file


@pytest.mark.parametrize(
    ("days", "names", "host", "found"),
    [
        (90, ("tianbao.example.org",), "tianbao.example.org", {Found.CERTIFICATE_GOOD}),
        (90, ("*.example.org",), "tianbao.example.org", {Found.CERTIFICATE_GOOD}),
        (90, ("192.168.1.5",), "192.168.1.5", {Found.CERTIFICATE_GOOD}),
        (10, ("tianbao.example.org",), "tianbao.example.org", {Found.CERTIFICATE_EXPIRES}),
        (-1, ("tianbao.example.org",), "tianbao.example.org", {Found.CERTIFICATE_EXPIRED}),
        (90, ("other.example.org",), "tianbao.example.org", {Found.CERTIFICATE_OTHER_HOST}),
    ],
)
def test_a_certificate_is_judged(
    tmp_path: Path, days: int, names: tuple[str, ...], host: str, found: set[Found]
) -> None:
    cert, key = certificate(tmp_path, days=days, names=names)
    assert {finding.found for finding in examine_certificate(cert, key, host=host, now_ms=NOW_MS)} == found


def test_another_key_and_no_certificate_are_seen(tmp_path: Path) -> None:
    cert, _ = certificate(tmp_path)
    _, other = certificate(tmp_path, days=91)
    host = "tianbao.example.org"
    first, *_ = examine_certificate(cert, other, host=host, now_ms=NOW_MS)
    (second,) = examine_certificate(other, cert, host=host, now_ms=NOW_MS)
    assert (first.found, second.found) == (Found.CERTIFICATE_OTHER_KEY, Found.CERTIFICATE_UNREADABLE)


@pytest.mark.parametrize("found", Found)
def test_everything_can_be_said_in_both_languages(found: Found) -> None:
    names = (
        "folder reason file kind version fsync commit ms gigabytes time zone minutes host date days names officers"
    )
    names += " connections wanted files site_rate site_burst address_rate address_burst unscripted_rate bits"
    parameters = dict.fromkeys([*names.split(), "count", "name", "port"], "7")
    chinese, english = (words(Finding(found, Level.GOOD, parameters), translator(one)) for one in ("zh-Hans", "en"))
    assert all(zh != en for zh, en in zip(chinese, english, strict=True) if en)
    assert "{" not in "".join(chinese + english)
