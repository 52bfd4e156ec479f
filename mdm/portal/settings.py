"""Settings of the portal. Every value that differs between places comes from the environment.

MDM_DATABASE_URL    where the records are (default: a SQLite file in mdm/var)
MDM_PRODUCTION      1: refuses demo logins and a default secret, and is served by https only
MDM_SECRET_KEY      signs sessions; must be set in production
MDM_ALLOWED_HOSTS   the names that the portal is reached by, separated by commas
MDM_BEHIND_PROXY    1: a proxy of ours stands in front; it says who calls, and that it was by https
MDM_STATIC_ROOT     where `collectstatic` puts scripts and styles (default: mdm/var/static)
MDM_FOUR_EYES       0: an approver's own changes count at once (a team of one)
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
PROJECT_DIR = BASE_DIR.parent

PRODUCTION = os.environ.get("MDM_PRODUCTION", "") in {"1", "true", "yes"}
DEFAULT_SECRET_KEY = "demo-only-" + "0" * 50
SECRET_KEY = os.environ.get("MDM_SECRET_KEY", DEFAULT_SECRET_KEY)
if PRODUCTION and (SECRET_KEY == DEFAULT_SECRET_KEY or len(SECRET_KEY) < 50):
    raise ImproperlyConfigured(
        "MDM_SECRET_KEY is missing or shorter than 50 characters: set it to a random text of your"
        " own before the portal runs in production."
    )

DEBUG = False
LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
ALLOWED_HOSTS = [
    host.strip() for host in os.environ.get("MDM_ALLOWED_HOSTS", "").split(",") if host.strip()
] or ([] if PRODUCTION else LOCAL_HOSTS)
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "MDM_ALLOWED_HOSTS is missing: name the hosts that the portal is reached by."
    )

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "import_export",
    "simple_history",
    "ninja",
    "records",
    "changes",
    "publishing",
    "api",
    "exchange",
    "unmapped",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.security.SecurityHeaders",
    "api.errors.JsonOnly",
    "portal.security.StorableAddress",
    "portal.security.ReadableSize",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("MDM_DATABASE_URL", f"sqlite:///{BASE_DIR / 'var' / 'portal.sqlite3'}"),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Readers do not wait for a writer, and two writers wait instead of failing half-way.
        "init_command": "pragma journal_mode=wal; pragma synchronous=normal;",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # The tables live in a schema of their own, which dbt's role may read.
    DATABASES["default"]["OPTIONS"] = {"options": "-c search_path=mdm,public"}
else:
    raise ImproperlyConfigured(
        "MDM_DATABASE_URL names neither SQLite nor PostgreSQL: the history is kept by triggers"
        " written for these two."
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]

# Failures are counted in the database, so that every worker of the web server knows of them.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = dt.timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "locked.html"
AXES_CLIENT_IP_CALLABLE = "portal.security.client_address"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Triggers in the database write the history; what Django's signals see does not matter.
SIMPLE_HISTORY_ENABLED = False
FOUR_EYES = os.environ.get("MDM_FOUR_EYES", "1") not in {"0", "false", "no"}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# A grid of 500 rows: of each cell what was shown, too.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("MDM_STATIC_ROOT", BASE_DIR / "var" / "static"))
WHITENOISE_USE_FINDERS = not PRODUCTION
if PRODUCTION:
    # Names hold a hash of the content: browsers keep them for good, and never an old one.
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
# A working day; a browser that is closed forgets it.
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BEHIND_PROXY = PRODUCTION and os.environ.get("MDM_BEHIND_PROXY", "") in {"1", "true", "yes"}
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATICFILES_DIRS = [BASE_DIR / "static"]
UNFOLD = {
    "SITE_TITLE": "Clickstar master data",
    "SITE_HEADER": "Clickstar",
    "SITE_SUBHEADER": "Master data",
    "SITE_SYMBOL": "star",
    "SITE_URL": None,
    "SHOW_BACK_BUTTON": False,
    "BORDER_RADIUS": "6px",
    "STYLES": ["portal.assets.stylesheet"],
    "SIDEBAR": {"show_search": True, "navigation": "portal.navigation.sidebar"},
    "COLORS": {
        # A blue that stands out from the colours of states: green, orange, red.
        "primary": {
            "50": "#eef4ff",
            "100": "#dbe6fe",
            "200": "#bfd3fe",
            "300": "#93b4fd",
            "400": "#608dfa",
            "500": "#3b69f5",
            "600": "#254bea",
            "700": "#1d38d6",
            "800": "#1e30ad",
            "900": "#1e2f88",
            "950": "#171e53",
        }
    },
}
