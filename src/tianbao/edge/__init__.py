"""The public side: form page, submission, receipt. A small ASGI app that imports no Django."""
