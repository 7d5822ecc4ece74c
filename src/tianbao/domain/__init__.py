"""What Tianbao knows, without any machine: forms, documents, places, keys, decisions.

Pure: no Django, no I/O, no clock, no randomness; `now`, keys and nonces come in as arguments.
"""
