"""Answers that staff type: judged, and the form shown by them, as a registrant's are.

Between the console's screens for registering and correcting and the domain. Must not know: HTTP, where answers go.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from random import SystemRandom
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tianbao.domain.forms import Path
from tianbao.domain.showing import Shower, Showing
from tianbao.domain.validation import Moment, Validation, Validator, compile_form
from tianbao.services.divisions import gazetteer
from tianbao.services.organisation import find_organisation
from tianbao.services.records import load_form_once
from tianbao.store.models import FormVersion

_chance = SystemRandom()
_validators: dict[UUID, Validator] = {}
_showers: dict[UUID, Shower] = {}


def validate_answers(*, form: FormVersion, answers: dict[str, Any], now_ms: int) -> Validation:
    """The answers judged as those of a phone are."""
    if form.id not in _validators:
        _validators[form.id] = compile_form(load_form_once(form), gazetteer())
    return _validators[form.id](answers, _moment(now_ms))


def show_answers(*, form: FormVersion, answers: Mapping[str, Any], now_ms: int) -> Showing:
    """What of the form applies, by answers that nobody judged yet."""
    return _shower(form).show(answers, _moment(now_ms))


def find_unasked(*, form: FormVersion, answers: Mapping[str, Any], now_ms: int) -> list[Path]:
    """Where something was typed that would not be kept, because by the other answers nothing is asked there."""
    return _shower(form).find_unasked(answers, _moment(now_ms))


def _shower(form: FormVersion) -> Shower:
    if form.id not in _showers:
        _showers[form.id] = Shower(load_form_once(form), gazetteer())
    return _showers[form.id]


def _moment(now_ms: int) -> Moment:
    zone = ZoneInfo(find_organisation().time_zone)
    return Moment(datetime.fromtimestamp(now_ms / 1000, zone), _chance.random)
