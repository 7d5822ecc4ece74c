"""Registering somebody who has no phone: staff's way to the same intake that every phone posts to.

The console hands the answers to the edge over the loopback interface, marked as staff's. Must not know: screens,
how the edge stores.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from tianbao.domain.ids import write_uuid
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.domain.receipts import NONCE_BYTES, derive_receipt, encode_base64url
from tianbao.services.audit import record_act
from tianbao.services.sites import to_domain_site
from tianbao.store.models import FormVersion, Site, Staff

EDGE_WAIT_S: Final = 20.0
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RegisteredPerson:
    """What stands on disk. `number` is written for people (4F7K-2M9Q), `pass_url` is what staff scan."""

    record: UUID
    number: str
    pass_url: str


def make_nonce(*, now_ms: int) -> bytes:
    """For one person's form: the same answers sent twice with it are one registration."""
    return now_ms.to_bytes(6, "big") + os.urandom(NONCE_BYTES - 6)


def register_person(
    *, site: Site, form: FormVersion, answers: Mapping[str, Any], nonce: bytes, staff: Staff, now_ms: int
) -> RegisteredPerson:
    """Registers somebody with a form of a site. Refused as the edge refuses; STORAGE where it does not answer."""
    content = json.dumps([site.code, form.name, answers], ensure_ascii=False, sort_keys=True)
    receipt = derive_receipt(nonce, content.encode("utf-8", "surrogatepass"))
    said = _post(
        to_domain_site(site).path(form.name),
        {
            "id": write_uuid(receipt.id),
            "secret": encode_base64url(receipt.secret),
            "version": form.version,
            "answers": answers,
        },
    )
    person = RegisteredPerson(UUID(said["id"]), said["number"], said["pass"])
    record_act(
        at_ms=now_ms, staff=staff, verb="record.register", subject=person.record.hex, detail={"site": site.code}
    )
    return person


def _post(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"X-Tianbao-Staff": os.environ.get("TIANBAO_EDGE_TOKEN", ""), "Accept": "application/json"}
    url = os.environ.get("TIANBAO_EDGE_URL", "")
    try:
        # The edge's certificate is for its public name; over loopback there is nobody in between.
        is_verified = urlsplit(url).hostname not in _LOOPBACK
        with httpx.Client(base_url=url, verify=is_verified, trust_env=False, timeout=EDGE_WAIT_S) as client:
            answer = client.post(path, json=body, headers=headers)
        said: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        log.warning("the edge at %s did not answer", url, exc_info=True)
        raise refuse(Code.STORAGE) from None
    if answer.status_code in (200, 201):
        return said
    raise Refused(*_problems(said))


def _problems(said: Mapping[str, Any]) -> list[Problem]:
    """The problems in `application/problem+json`; STORAGE for what no contract knows."""
    errors = said.get("errors") or [said]
    known = set(Code)
    return [
        Problem(Code(error["code"]) if error.get("code") in known else Code.STORAGE, error.get("question", ""))
        for error in errors
    ]
