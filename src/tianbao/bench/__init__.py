"""`tianbao bench`: what this machine does, in ratios to the least that could be done (docs/performance.md)."""
