"""Purpose, legal basis and notice as a clerk finds them filled in: a kit of wording for each occasion.

Defaults to edit, no legal advice. Used by set-up and settings. Must not know: who uses them.

Sources: Personal Information Protection Law of the PRC (2021), articles 13, 28, 30; Law on Prevention and
Treatment of Infectious Diseases; Emergency Response Law (2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tianbao.domain.forms import Text


class Occasion(StrEnum):
    """What people are registered for."""

    EPIDEMIC = "epidemic"
    SHELTER = "shelter"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Wording:
    """What the form page and the poster say about why, by what right and what happens with it."""

    purpose: Text
    legal_basis: Text
    notice: Text


def wording_of(occasion: Occasion, *, area: str) -> Wording:
    """The kit for an occasion; outside the bundled divisions (no area) it names no country's law."""
    basis = _LEGAL_BASIS if area else _LEGAL_BASIS_ELSEWHERE
    return Wording(_PURPOSE[occasion], basis[occasion], _NOTICE)


_PURPOSE: Final[dict[Occasion, Text]] = {
    Occasion.EPIDEMIC: {
        "zh-Hans": "了解来往人员的行程，及时找到并告知可能接触传染病的人，保护您和大家的健康。",
        "en": "To know where people have been, so that whoever may have met an infectious disease is found "
        "and told in time. It protects you and everybody here.",
    },
    Occasion.SHELTER: {
        "zh-Hans": "清点安置点和转移的人员，安排食宿、药品和救助，方便家人找到您。",
        "en": "To know who has reached the shelter, to provide food, beds, medicine and help, and so that "
        "your family can find you.",
    },
    Occasion.GENERAL: {
        "zh-Hans": "登记进出人员，保障场所安全，有事时能联系到您。",
        "en": "To know who comes and goes, to keep the place safe, and to reach you when it matters.",
    },
}

_LEGAL_BASIS: Final[dict[Occasion, Text]] = {
    Occasion.EPIDEMIC: {
        "zh-Hans": "《传染病防治法》《突发公共卫生事件应急条例》；《个人信息保护法》第十三条第一款第四项"
        "（应对突发公共卫生事件所必需）。",
        "en": "Law on Prevention and Treatment of Infectious Diseases; Personal Information Protection Law, "
        "article 13(1)(4): necessary to respond to a public health emergency.",
    },
    Occasion.SHELTER: {
        "zh-Hans": "《突发事件应对法》；《个人信息保护法》第十三条第一款第四项"
        "（紧急情况下保护生命健康和财产安全所必需）。",
        "en": "Emergency Response Law; Personal Information Protection Law, article 13(1)(4): necessary to "
        "protect life, health and property in an emergency.",
    },
    Occasion.GENERAL: {
        "zh-Hans": "《个人信息保护法》第十三条第一款第一项（您的同意）。",
        "en": "Personal Information Protection Law, article 13(1)(1): your consent.",
    },
}

_LEGAL_BASIS_ELSEWHERE: Final[dict[Occasion, Text]] = {
    Occasion.EPIDEMIC: {
        "zh-Hans": "当地关于传染病防控的法律；保护您和他人的生命健康。",
        "en": "The law on infectious diseases that applies here; the vital interests of you and of others.",
    },
    Occasion.SHELTER: {
        "zh-Hans": "当地关于灾害救援的法律；保护您和他人的生命安全。",
        "en": "The law on disaster relief that applies here; the vital interests of you and of others.",
    },
    Occasion.GENERAL: {"zh-Hans": "您的同意。", "en": "Your consent."},
}

_NOTICE: Final[Text] = {
    "zh-Hans": "登记的内容只用于上述目的，只有因工作需要的值守和社区工作人员可以查看，不向无关的单位或个人提供。"
    "证件、行程和健康状况属于敏感个人信息，姓名、电话、证件号码、住址加密保存，到期删除。"
    "凭登记后的回执，您可以随时查看、更正或撤回自己的登记，也可以按下面的联系方式询问、投诉。"
    "没有手机或不愿用手机的，可以请工作人员代为登记。",
    "en": "What you write is used for the purpose above only. It is seen only by staff on duty who need it and "
    "given to nobody else. Documents, travel and health are sensitive information; name, phone, document "
    "number and address are stored encrypted and everything is deleted on time. With your receipt you can see, "
    "correct or withdraw your registration at any time, and you can ask or complain at the contact below. "
    "Without a phone, or if you would rather not use one, staff will register you.",
}
