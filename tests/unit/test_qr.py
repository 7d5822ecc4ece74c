"""QR codes are read back by a decoder that is not ours."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
import zxingcpp
from PIL import Image

from tianbao.render.qr import QUIET_ZONE_MODULES, qr_code, qr_png, qr_svg

POSTER = "HTTPS://TIANBAO.EXAMPLE.GOV.CN/S/7K3PM"


def test_the_address_of_a_poster_stays_in_alphanumeric_mode_and_so_in_a_small_symbol():
    assert qr_code(POSTER).mode == "alphanumeric"
    assert qr_code(POSTER).version == 3
    assert qr_code(POSTER.lower()).mode == "byte"
    assert qr_code(POSTER.lower()).version > 3


def test_the_error_level_is_q_or_better_where_that_is_free():
    assert qr_code(POSTER).error == "Q"
    assert qr_code("HTTP://192.168.1.5:8000/S/7K3PM").error == "H"


@pytest.mark.parametrize("text", [POSTER, "https://tianbao.example.gov.cn/P/4F7K2M9Q", "登记", "1" * 350])
def test_a_png_reads_back_as_the_text(text):
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr_png(text, 3))).convert("L"))
    assert [code.text for code in found] == [text]


def test_a_png_has_its_quiet_zone_and_its_scale():
    scale = 8
    image = Image.open(io.BytesIO(qr_png(POSTER, scale))).convert("L")
    modules = 29 + 2 * QUIET_ZONE_MODULES
    assert image.size == (modules * scale, modules * scale)
    quiet = QUIET_ZONE_MODULES * scale
    inside = image.point(lambda value: 255 - value).getbbox()
    assert inside == (quiet, quiet, image.width - quiet, image.height - quiet)


def test_an_svg_is_one_path_on_white_with_its_quiet_zone():
    svg = ET.fromstring(qr_svg(POSTER))
    ground, symbol = svg.findall("path")
    assert svg.get("viewBox") == "0 0 37 37"
    assert ground.get("fill") == "#fff"
    assert symbol.get("d").startswith(f"M{QUIET_ZONE_MODULES} {QUIET_ZONE_MODULES}.5")
    assert svg.get("aria-hidden") == "true"


def test_a_titled_svg_says_its_title_whatever_it_holds():
    svg = ET.fromstring(qr_svg(POSTER, title='<b>"北关村" & 东口</b>'))
    assert svg.get("role") == "img"
    assert svg.find("title").text == '<b>"北关村" & 东口</b>'


@pytest.mark.parametrize(
    "text", [POSTER, "HTTP://192.168.1.5:8000/S/7K3PM", "https://tianbao.example.gov.cn/P/4F7K2M9Q"]
)
def test_paper_and_screen_show_symbols_of_one_size_and_level(text):
    png = Image.open(io.BytesIO(qr_png(text, 1)))
    assert png.width == qr_code(text).symbol_size(border=QUIET_ZONE_MODULES)[0]
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr_png(text, 4))).convert("L"))
    assert found.ec_level == qr_code(text).error
