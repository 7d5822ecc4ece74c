"""Pages as Chromium prints them, and their QR codes as a decoder that is not ours reads them."""

from __future__ import annotations

import numpy as np
import pypdfium2 as pdfium
import zxingcpp
from playwright.sync_api import Browser


def printed(browser: Browser, html: str) -> pdfium.PdfDocument:
    """What "save as PDF" makes, without backgrounds, as most people print."""
    page = browser.new_page()
    page.set_content(html)
    pdf = page.pdf(prefer_css_page_size=True)
    page.close()
    return pdfium.PdfDocument(pdf)


def size_mm(page: pdfium.PdfPage) -> list[int]:
    return [round(side / 72 * 25.4) for side in page.get_size()]


def rasterised(page: pdfium.PdfPage, dpi: int = 100) -> np.ndarray:
    """The page in greyscale."""
    return page.render(scale=dpi / 72, grayscale=True).to_numpy().squeeze()


def read(image: np.ndarray) -> list[str]:
    """The texts of the QR codes in a picture."""
    return sorted(code.text for code in zxingcpp.read_barcodes(np.ascontiguousarray(image)))
