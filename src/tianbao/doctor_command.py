"""What `tianbao doctor` says: each finding in plain words, with what to do about it, for people and for scripts.

Exit codes: 0 nothing is wrong (there may be something to look at), 1 something is. Must not know: how anything is
found out (`tianbao.doctor`).
"""

from __future__ import annotations

import argparse
import json
from typing import Final

from tianbao.commands import now_ms
from tianbao.config import Config
from tianbao.doctor import Finding, Found, Level, examine
from tianbao.texts import Translator, terminal_language, translator

MARKS: Final = {Level.GOOD: "✓", Level.WARNING: "!", Level.PROBLEM: "✗"}


def run_doctor(config: Config, arguments: argparse.Namespace) -> int:
    """Looks at everything and says it."""
    _ = translator(arguments.language or terminal_language())
    findings: list[Finding] = []
    for finding in examine(
        config, tls_cert=arguments.tls_cert, tls_key=arguments.tls_key, port=arguments.port, now_ms=now_ms()
    ):
        findings.append(finding)
        if not arguments.json:
            what, remedy = words(finding, _)
            print(f"{MARKS[finding.level]} {what}")
            if remedy:
                print(f"    → {remedy}")
    is_well = all(finding.level is not Level.PROBLEM for finding in findings)
    if arguments.json:
        said = [_described(finding, _) for finding in findings]
        print(json.dumps({"is_well": is_well, "findings": said}, ensure_ascii=False))
    else:
        print(_("Nothing is wrong.") if is_well else _("Something is wrong: see the lines marked ✗."))
    return 0 if is_well else 1


def _described(finding: Finding, _: Translator) -> dict[str, object]:
    what, remedy = words(finding, _)
    return {
        "found": finding.found.value,
        "level": finding.level.value,
        "parameters": finding.parameters,
        "message": what,
        "remedy": remedy,
    }


def words(finding: Finding, _: Translator) -> tuple[str, str]:
    """(what was found, what to do about it; empty where there is nothing to do)"""
    texts = _texts(_)[finding.found]
    what, remedy = texts if isinstance(texts, tuple) else (texts, "")
    return what.format(**finding.parameters), remedy.format(**finding.parameters)


def _texts(_: Translator) -> dict[Found, str | tuple[str, str]]:
    renew = _("Renew the certificate, then restart Tianbao. Until then phones show a warning instead of the form.")
    set_clock = _("Set the computer's date and time, and let it follow a time server. Then restart Tianbao.")
    return {
        Found.NO_INSTALLATION: (
            _("There is no installation in {folder}."),
            _("Name its data folder with --data, or start a new one with “tianbao serve”."),
        ),
        Found.DATABASE_UNREADABLE: (
            _("The database cannot be read: {reason}"),
            _("See that the disk or the database server is there and that this user may read it, then ask again."),
        ),
        Found.DATABASE_DAMAGED: (
            _("The database {file} is damaged: {reason}"),
            _(
                "Stop Tianbao, keep a copy of the whole data folder, and put the newest backup into a new folder "
                "with "
                "“tianbao restore”. The disk may be failing."
            ),
        ),
        Found.DATABASE_SOUND: _("{kind} {version}: the database is sound and keeps what it confirms."),
        Found.POSTGRESQL_UNSAFE: (
            _("PostgreSQL confirms before it is on disk (fsync {fsync}, synchronous_commit {commit})."),
            _(
                "Set both to “on” in postgresql.conf: otherwise a power cut loses registrations that were "
                "confirmed."
            ),
        ),
        Found.FOLDER_OPEN: (
            _("Other users of this computer can look into {folder}."),
            _("Close it: chmod 700 {folder}"),
        ),
        Found.NETWORK_DISK: (
            _("The data folder lies on a network disk ({kind})."),
            _("Move it to a disk in this computer: SQLite on a network disk can lose or damage data."),
        ),
        Found.SYNC_GOOD: _("The disk writes through in {ms} ms."),
        Found.SYNC_TOO_FAST: (
            _("The disk says “written” after {ms} ms: no real disk is that fast."),
            _(
                "The disk, its controller or the virtual machine confirms before it has written. A power cut can "
                "lose "
                "confirmed registrations: switch write caching off, or use a disk with power-loss protection."
            ),
        ),
        Found.SYNC_SLOW: (
            _("The disk needs {ms} ms to write through."),
            _(
                "Registrations still come in safely, but slowly at a rush. Use an SSD, and see what else uses this "
                "disk."
            ),
        ),
        Found.SYNC_FAILED: (
            _("Nothing can be written to the disk: {reason}"),
            _(
                "See whether the disk is full, read-only or failing. Registrations are not taken until it can be "
                "written."
            ),
        ),
        Found.SPACE_GOOD: _("Free on the disk: {gigabytes} GB."),
        Found.SPACE_FEW: (
            _("Free on the disk: only {gigabytes} GB."),
            _("Make room soon: move old backups and exports away."),
        ),
        Found.SPACE_NONE: (
            _("The disk is full: {gigabytes} GB are left."),
            _("Make room now: move backups and exports away. Nothing that was confirmed is lost."),
        ),
        Found.CLOCK_GOOD: _("The clock shows {time} ({zone}). Compare it with yours."),
        Found.CLOCK_IMPLAUSIBLE: (_("The clock shows {time} ({zone}), which cannot be."), set_clock),
        Found.CLOCK_BACK: (
            _(
                "The clock shows {time} ({zone}), but the newest registration came {minutes} minutes later than "
                "that."
            ),
            set_clock,
        ),
        Found.CERTIFICATE_GOOD: _("The certificate for {host} is valid until {date} ({days} days)."),
        Found.CERTIFICATE_UNREADABLE: (
            _("The certificate or its key cannot be read: {reason}"),
            _("Name two PEM files: --tls-cert the chain, --tls-key the private key without a password."),
        ),
        Found.CERTIFICATE_OTHER_KEY: (
            _("The private key does not belong to the certificate."),
            _("Take the key that the certificate was asked for with."),
        ),
        Found.CERTIFICATE_NOT_YET: (_("The certificate is valid from {date} on only."), set_clock),
        Found.CERTIFICATE_EXPIRED: (_("The certificate expired on {date}."), renew),
        Found.CERTIFICATE_EXPIRES: (_("The certificate expires on {date}, in {days} days."), renew),
        Found.CERTIFICATE_OTHER_HOST: (
            _("Phones open {host}, but the certificate is for: {names}"),
            _("Get a certificate for {host}, or set the address under Settings to a name the certificate has."),
        ),
        Found.KEYS_GOOD: _("Keys are complete: {officers} people can open names, {days} days have keys."),
        Found.KEYS_NO_OFFICER: (
            _("Nobody's key is there, so no registration can be taken."),
            _("If the first-run guide was finished, the key folder is lost: put it back from a backup."),
        ),
        Found.KEYS_UNREADABLE: (
            _("A key file cannot be read: {reason}"),
            _("Put the key folder back from a backup."),
        ),
        Found.KEYS_OPEN: (
            _("Other users of this computer can read the key folder."),
            _("Close it: chmod -R go= {folder}"),
        ),
        Found.KEYS_MISSING: (
            _("Keys are missing of days whose names should still be readable ({count}): {days}"),
            _(
                "Put these files back into the key folder from a backup. Without them the names of these days are "
                "lost."
            ),
        ),
        Found.KEYS_NOT_FOR_ALL: (
            _("Somebody who may open names cannot open these days ({count}): {days}"),
            _("The others can. Days that begin from now on are opened by everybody."),
        ),
        Found.MIGRATIONS_GOOD: _("The tables are those of this version ({name})."),
        Found.MIGRATIONS_PENDING: (
            _("The tables are of an older version; steps to go: {count}"),
            _("Make a backup, then start Tianbao or run “tianbao migrate”: it brings them up to date."),
        ),
        Found.MIGRATIONS_NEWER: (
            _("The tables are of a newer version ({name}) than this program."),
            _("Install the newer version again. Do not start this one on these data."),
        ),
        Found.RECORDS_GOOD: _("The line list is up to date with what came in ({count})."),
        Found.RECORDS_BEHIND: (
            _("Stored safely, but not yet in the line list: {count}. The oldest came {minutes} minutes ago."),
            _("Is Tianbao running? It catches up by itself; if the number keeps growing, restart it."),
        ),
        Found.CONNECTIONS_GOOD: _("Room for {connections} connections at once."),
        Found.CONNECTIONS_FEW: (
            _(
                "Room for {connections} connections at once in place of {wanted}: the system allows {files} open "
                "files."
            ),
            _("Allow more: LimitNOFILE=16384 in the systemd unit, or “ulimit -Hn 16384” before it starts."),
        ),
        Found.LIMITS: _(
            "Let in before phones have to work or wait: {site_rate} a second at a site ({site_burst} at once), "
            "{address_rate} from an address ({address_burst} at once), {unscripted_rate} without script at a site "
            "in a flood. Work: {bits} bits. To change: TIANBAO_SITE_RATE and so on, docs/deployment.md."
        ),
        Found.PORT_FREE: _("Port {port} is free; Tianbao does not run there."),
        Found.PORT_OURS: _("Tianbao answers on port {port}."),
        Found.PORT_TAKEN: (
            _("Port {port} is used by another program."),
            _("Choose another with --port, or stop that program."),
        ),
    }
