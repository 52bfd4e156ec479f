"""What a web server such as gunicorn calls: `gunicorn --chdir mdm portal.wsgi`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

from portal.checks import refuse_unsafe_start  # noqa: E402 (the settings have to be there)

refuse_unsafe_start()
