"""The console as a WSGI application, for the process that serves it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tianbao.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
