"""Tianbao (填报): registration at checkpoints, from a poster to a line list.

The way of a registration, one room a step: `domain` (pure rules) and `render` (pure bytes) are called by
`edge` (the public side) and by `services` (use cases), which `console` (staff's screens) stands on; `store`
is the one schema. docs/life-of-a-registration.md walks it from the poster to the report.
"""

__version__ = "0.1.0"
