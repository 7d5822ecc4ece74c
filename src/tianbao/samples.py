"""Plausible people for the demo, the bench and the tests: from the real divisions, by a seeded generator.

They answer `migrant`, and two of the kits that a housing estate has beside it.

The same seed gives the same people. Names include the characters that break lesser systems: rare ones,
beyond the basic plane, minority and foreign names, very long ones. Nobody in here exists.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from tianbao.domain.places import Gazetteer

_SURNAMES: Final = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
)
_GIVEN: Final = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂兰建华国庆文玉春梅红志海燕云峰凤雪宁子涵梓轩欣怡浩然诗宇"
)
_RARE: Final = (
    "㐱文龙",
    "䶮小雨",
    "𠮷野家",
    "𬱖慧",
    "𡐓国强",
    "买买提·艾力",
    "阿依古丽·吐尔逊",
    "ئەلى مەمەت",
    "བསྟན་འཛིན",
    "Anna Schmidt",
    "O'Brien Seán",
    "José María García-López",
    "Nguyễn Thị Hồng",
    "欧阳娜娜",
    "司马相如",
    "单雄信",
    "迪丽热巴·迪力木拉提",
    "尼玛次仁",
    "=SUM(A1)",
    "+王",
    "-李",
    "@赵",
    "乌尔丽克·冯·德·" + "莱恩" * 21,
)
_REASONS: Final = ("return_home", "visit", "work", "study", "business", "delivery", "medical", "transit", "other")
_SYMPTOMS: Final = ("fever", "cough", "sore_throat", "fatigue", "breathless")
_RELATIONS: Final = ("spouse", "child", "parent", "relative", "friend")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MODES: Final = ("train", "coach", "car", "plane", "taxi", "other")


_GROCERIES: Final = (
    ("大米", "half_kg"),
    ("鸡蛋", "half_kg"),
    ("白菜", "half_kg"),
    ("牛奶", "box"),
    ("挂面", "bag"),
    ("食用油", "bottle"),
)
_ERRANDS: Final = {"parcel": "快递柜取件，两个小包裹", "repair": "厨房水龙头漏水"}


class People:
    """An endless supply of answers to the form `migrant`."""

    def __init__(self, places: Gazetteer, *, seed: int, today: date) -> None:
        self._random = random.Random(seed)  # noqa: S311 - people who do not exist need no secrets
        self._today = today
        self._places = places
        self._provinces = [place.code for place in places.children("")]
        self._children: dict[str, list[str]] = {}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        return self.make_answers()

    def make_answers(self) -> dict[str, Any]:
        """One registration as a phone would send it: nested, empty answers left out."""
        chance = self._random
        has_symptoms = chance.random() < 0.03
        answers: dict[str, Any] = {
            "name": self.make_name(),
            "address": f"{chance.choice('东南西北')}街{chance.randint(1, 99)}号{chance.randint(1, 30)}室",
            "reason": chance.choice(_REASONS),
            "symptoms": chance.sample(_SYMPTOMS, chance.randint(1, 2)) if has_symptoms else ["none"],
            "consent": True,
            "itinerary": [self.make_leg(n) for n in range(chance.choice((0, 1, 1, 2, 2, 3)))],
            "companions": [self._make_companion() for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3)))],
        }
        if chance.random() < 0.93:
            answers["phone"] = f"1{chance.choice('3578')}{chance.randint(0, 999_999_999):09d}"
        if chance.random() < 0.9:
            answers["id_type"], answers["id_number"] = self._make_document()
        if chance.random() < 0.6:
            answers["temperature"] = round(chance.gauss(36.5, 0.25) + (1.2 if has_symptoms else 0), 1)
        return {name: value for name, value in answers.items() if value not in ([], "")}

    def make_observation(self) -> dict[str, Any]:
        """A morning's or evening's temperature (kit `observation`)."""
        chance = self._random
        temperature = round(chance.gauss(36.5, 0.3), 1)
        answers: dict[str, Any] = {
            "name": self.make_name(),
            "room": f"{chance.randint(1, 12)}栋{chance.randint(1, 30)}0{chance.randint(1, 4)}室",
            "started_on": (self._today - timedelta(days=chance.randint(0, 6))).isoformat(),
            "time": chance.choice(("morning", "evening")),
            "temperature": temperature,
            "symptoms": ["none"],
            "took_medicine": "no",
            "mood": "fine",
            "consent": True,
        }
        return answers | ({"temperature_again": temperature - 0.1} if temperature >= 37.3 else {})

    def make_errand(self) -> dict[str, Any]:
        """What somebody who cannot go out asks for (kit `errand`)."""
        chance = self._random
        answers: dict[str, Any] = {
            "name": self.make_name(),
            "phone": f"1{chance.choice('3578')}{chance.randint(0, 999_999_999):09d}",
            "address": f"{chance.randint(1, 12)}栋{chance.randint(1, 30)}0{chance.randint(1, 4)}室",
            "errand": chance.choice(("shopping", "shopping", "parcel", "repair")),
            "deadline": chance.choice(("today", "tomorrow")),
            "consent": True,
        }
        if answers["errand"] == "shopping":
            items = chance.sample(_GROCERIES, chance.randint(1, 3))
            rows = [{"item": item, "quantity": chance.randint(1, 5), "unit": unit} for item, unit in items]
            return answers | {"purchase": {"items": rows, "payment": "on_delivery"}}
        return answers | {
            "details": {"parcel": "快递柜取件，两个小包裹", "repair": "厨房水龙头漏水"}[answers["errand"]]
        }

    def make_name(self) -> str:
        """Mostly two or three characters; one in eight a name that breaks lesser systems."""
        if self._random.random() < 0.12:
            return self._random.choice(_RARE)
        return self._random.choice(_SURNAMES) + "".join(self._random.choices(_GIVEN, k=self._random.randint(1, 2)))

    def _make_document(self) -> tuple[str, str]:
        chance = self._random
        if chance.random() < 0.06:
            return "passport", f"{chance.choice('EGPK')}{chance.randint(0, 99_999_999):08d}"
        return "resident_id", self.make_resident_id()

    def make_resident_id(self) -> str:
        """Eighteen characters with a right check digit (GB 11643), of a real county and a possible birthday."""
        county = self._walk_down(3)[:6]
        born = date(1940, 1, 1) + timedelta(days=self._random.randint(0, 28_000))
        digits = f"{county}{born:%Y%m%d}{self._random.randint(1, 999):03d}"
        check = "10X98765432"[sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True)) % 11]
        return digits + check

    def make_leg(self, back: int) -> dict[str, Any]:
        """An itinerary leg; `back` counts from the newest."""
        chance = self._random
        left = self._today - timedelta(days=back * 4 + chance.randint(0, 2))
        code = self._walk_down(chance.choice((3, 3, 4)))
        is_code = chance.random() < 0.5
        transport = chance.choice(_MODES)
        leg: dict[str, Any] = {
            "place": code if is_code else self._places.full_name(code),
            "arrived_on": (left - timedelta(days=chance.randint(1, 3))).isoformat(),
            "left_on": left.isoformat(),
            "transport": transport,
        }
        if transport == "train":
            leg["transport_no"] = f"{chance.choice('GDCK')}{chance.randint(1, 9999)}"
        elif transport == "plane":
            leg["transport_no"] = f"{chance.choice(('CA', 'MU', 'CZ', '3U'))}{chance.randint(1000, 9999)}"
        elif transport in ("car", "taxi"):
            leg["transport_no"] = (
                f"{chance.choice('京冀津豫鲁晋川粤')}{chance.choice('ABCDEF')}{chance.randint(0, 99999):05d}"
            )
        return leg

    def _make_companion(self) -> dict[str, Any]:
        companion: dict[str, Any] = {"name": self.make_name(), "relation": self._random.choice(_RELATIONS)}
        if self._random.random() < 0.7:
            companion["id_type"], companion["id_number"] = "resident_id", self.make_resident_id()
        return companion

    def _walk_down(self, levels: int) -> str:
        code = self._random.choice(self._provinces)
        for _ in range(levels - 1):
            below = self._below(code)
            if not below:
                break
            code = self._random.choice(below)
        return code

    def _below(self, code: str) -> list[str]:
        if code not in self._children:
            self._children[code] = [place.code for place in self._places.children(code)]
        return self._children[code]
