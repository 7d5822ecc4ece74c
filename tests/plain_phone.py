"""A phone without script: it opens pages, types into what they show and presses their buttons, as a browser would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
from tests.edge_client import EdgeClient

_VOID = {"meta", "link", "input", "br"}


@dataclass(eq=False, repr=False)
class Element:
    """One element of a page."""

    tag: str
    attributes: dict[str, str]
    outer: Element | None = None
    inner: list[Element] = field(default_factory=list)
    text: str = ""

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def is_displayed(self) -> bool:
        """By page/unscripted.css, where the page has it."""
        return not self._is_left_out() and (self.outer is None or self.outer.is_displayed)

    def _is_left_out(self) -> bool:
        before = self.outer.inner[: self.outer.inner.index(self)] if self.outer else []
        after_cut = any({"cut", "hold"} & set(each.classes) for each in before)
        return bool({"cut", "unasked"} & set(self.classes)) or (after_cut and "go" not in self.classes)

    def read(self) -> str:
        """All that is written in it."""
        return self.text + "".join(each.read() for each in self.inner)

    def walk(self) -> Iterator[Element]:
        yield self
        for each in self.inner:
            yield from each.walk()


class _Parser(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = self._open = Element("", {})
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        new = Element(tag, {name: value or "" for name, value in attributes}, self._open)
        self._open.inner.append(new)
        if tag not in _VOID:
            self._open = new

    def handle_endtag(self, tag: str) -> None:
        assert self._open.tag == tag and self._open.outer
        self._open = self._open.outer

    def handle_data(self, data: str) -> None:
        self._open.inner.append(Element("", {}, self._open, text=data))


@dataclass(repr=False)
class Sheet:
    """A page with what was typed into it."""

    root: Element
    status: int
    text: str
    typed: dict[str, list[str]] = field(default_factory=dict)

    def fields(self) -> list[Element]:
        """What has a name and can be posted, in order."""
        return [
            each
            for each in self.root.walk()
            if each.tag in ("input", "select", "textarea")
            and "name" in each.attributes
            and "disabled" not in each.attributes
        ]

    def shown(self) -> list[str]:
        """The names of the fields that somebody sees and can fill in, each once."""
        names = [
            each.attributes["name"]
            for each in self.fields()
            if each.attributes.get("type") != "hidden" and "readonly" not in each.attributes and each.is_displayed
        ]
        return list(dict.fromkeys(names))

    def says(self, text: str) -> bool:
        """Whether a text can be read on it."""
        return any(text in each.read() for each in self.root.walk() if each.tag in ("p", "legend", "label", "li"))

    def rows(self, repeat: str) -> int:
        """How many rows of a repeat are seen."""
        begin = [
            each.attributes.get("data-at", "").rsplit(".", 2)[0] for each in self.root.walk() if each.is_displayed
        ]
        return begin.count(repeat)

    def choices(self, name: str) -> list[str]:
        """What can be chosen in a field; empty where it is one to type in."""
        found = [each for each in self.fields() if each.attributes["name"] == name]
        options = [option for each in found for option in each.inner if option.tag == "option"]
        boxes = [each for each in found if each.attributes.get("type") in ("radio", "checkbox")]
        return [each.attributes["value"] for each in options or boxes]

    def buttons(self) -> list[str]:
        """What the buttons that somebody sees do."""
        return [
            each.attributes["value"]
            for each in self.root.walk()
            if each.tag == "button" and each.attributes.get("name") == "_action" and each.is_displayed
            and "sr" not in each.classes
        ]  # fmt: skip

    def values(self) -> dict[str, list[str]]:
        """What is posted."""
        posted: dict[str, list[str]] = {}
        for each in self.fields():
            name = each.attributes["name"]
            if name in self.typed and each.attributes.get("type") != "hidden":
                continue
            posted.setdefault(name, []).extend(_values_of(each))
        return {name: values for name, values in {**posted, **self.typed}.items() if values}


def _values_of(element: Element) -> list[str]:
    own = element.attributes
    if element.tag == "textarea":
        return [element.read().removeprefix("\n")]
    if element.tag == "select":
        options = [each.attributes["value"] for each in element.inner if each.tag]
        chosen = [each.attributes["value"] for each in element.inner if "selected" in each.attributes]
        return chosen or options[:1]
    if own.get("type") in ("radio", "checkbox") and "checked" not in own:
        return []
    return [own.get("value", "")]


class PlainPhone:
    """One with its cookies, at a site."""

    def __init__(self, client: EdgeClient) -> None:
        self._client = client
        client.new_phone()
        self.open(client.site)

    def open(self, path: str) -> None:
        self._read(self._client.get(path))

    def type(self, answers: Mapping[str, str | list[str]]) -> None:
        """Answers by the names of the fields, all of which must be seen."""
        unseen = answers.keys() - set(self.sheet.shown())
        assert not unseen, unseen
        self.sheet.typed |= {name: [given] if isinstance(given, str) else given for name, given in answers.items()}

    def press(self, action: str = "") -> None:
        """One of the buttons; the last of them where none is named."""
        buttons = self.sheet.buttons()
        action = action or buttons[-1]
        assert action in buttons
        (form,) = [each for each in self.sheet.root.walk() if each.tag == "form"]
        address = form.attributes["action"].partition("#")[0]
        self.posted = address, {**self.sheet.values(), "_action": [action]}
        self.press_again()

    def press_again(self) -> None:
        """The same button before anything came back."""
        address, fields = self.posted
        self._read(self._client.post(address, data=fields))

    def stored(self) -> Any:
        """The answers of the registration that it holds."""
        assert self.response.status_code == 303, self.response.text
        return self._client.stored(self._client.cookies["r"].split(".")[0])

    def _read(self, response: httpx.Response) -> None:
        self.response = response
        self.sheet = Sheet(_Parser(response.text).root, response.status_code, response.text)
