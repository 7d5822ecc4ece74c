"""The README's pictures, from a running demo in Debian's Chromium.

python scripts/screenshots.py
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
PHONE = {"viewport": {"width": 360, "height": 640}, "device_scale_factor": 2}
DESK = {"viewport": {"width": 1280, "height": 800}}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}


def take(browser: Browser, said: dict[str, str], name: str, locale: str) -> None:
    phone = browser.new_context(**PHONE, locale=locale).new_page()
    phone.goto(said["site"])
    phone.screenshot(path=IMAGES / f"form.{name}.png")
    phone.fill("[name=name]", "张三丰" if name == "zh" else "Anna Schmidt")
    phone.select_option("[name=id_type]", "resident_id")
    phone.fill("[name=id_number]", "11010519491231002X")
    phone.fill("[name=address]", "北关村12号")
    phone.select_option("[name=reason]", "return_home")
    phone.fill("[name='itinerary.0.place']", "河北省保定市顺平县")
    phone.check("[name=symptoms][value=none]")
    phone.check("[name=consent]")
    phone.click("main form button[value=submit]:not(.sr)")
    phone.wait_for_url("**/R")
    phone.screenshot(path=IMAGES / f"receipt.{name}.png")
    desk = browser.new_context(**DESK, locale=locale).new_page()
    desk.goto(f"{said['console']}records")
    desk.fill("input[name=username]", said["user"])
    desk.fill("input[name=password]", said["password"])
    desk.keyboard.press("Enter")
    desk.wait_for_selector("#q")
    desk.screenshot(path=IMAGES / f"line-list.{name}.png")


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with subprocess.Popen([sys.executable, "-m", "tianbao", "demo", "--json"], stdout=subprocess.PIPE) as demo:
        said = json.loads(demo.stdout.readline())
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            for name, locale in LOCALES.items():
                take(browser, said, name, locale)
            browser.close()
        demo.terminate()


if __name__ == "__main__":
    main()
