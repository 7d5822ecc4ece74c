"""The one keyring of this console process, unlocked by whoever signs in.

Must not know: who may read what; the views decide whom they show an opened name.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings

from tianbao.services.keys import Keyring

KEYRING: Final = Keyring(settings.CONFIG.keys)
