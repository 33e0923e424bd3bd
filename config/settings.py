"""One settings file, driven by the environment.

Every default marked [G] in the domain brief is named here with its unit.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import environ

from equipment.states import TestKind, choices
from equipment.words import MarkerKind

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- who and where ----------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="insecure-development-key-never-in-production")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DEMO_CLOCK_FILE = env.str("DEMO_CLOCK_FILE", default="")

DATABASES = {"default": env.db("DATABASE_URL", default="postgres://postgres@127.0.0.1:5432/home_before")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ADMIN_THEME = env.str("ADMIN_THEME", default="unfold")  # or "plain"
INSTALLED_APPS = [
    *(["unfold.apps.BasicAppConfig"] if ADMIN_THEME == "unfold" else []),
    "config.admin_site.AdminConfig",  # django.contrib.admin with our own site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "equipment",
    "logistics",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.ContentSecurityPolicy",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
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
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/driver/sign-in/"
LOGIN_REDIRECT_URL = "/driver/"

# --- language, time, files --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

# --- safety of the web side -------------------------------------------------------------------------------------------
SECURE = env.bool("SECURE_COOKIES", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if SECURE else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Unfold's Alpine needs 'unsafe-eval'; config.middleware narrows it to the admin path.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
    }
}

# --- admin ------------------------------------------------------------------------------------------------------------
ENVIRONMENT = env.str("ENVIRONMENT", default="Demo" if DEMO_CLOCK_FILE else "Development" if DEBUG else "Live")
UNFOLD = {
    "SITE_TITLE": "Home Before",
    "SITE_HEADER": "Home Before",
    "SITE_SUBHEADER": "Community equipment",
    "SITE_URL": None,
    "SITE_SYMBOL": "home_health",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.navigation.icon"}],
    "THEME": "light",
    "ENVIRONMENT": "config.navigation.environment",
    "STYLES": ["config.navigation.stylesheet"],
    "SIDEBAR": {"navigation": "config.navigation.sidebar"},
    "COLORS": {
        "primary": {
            "50": "239 246 255",
            "100": "219 234 254",
            "200": "191 219 254",
            "300": "147 197 253",
            "400": "96 165 250",
            "500": "59 130 246",
            "600": "29 78 216",
            "700": "30 64 175",
            "800": "30 58 138",
            "900": "23 37 84",
            "950": "15 23 42",
        }
    },
}

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "oauth2_provider.contrib.rest_framework.OAuth2Authentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["equipment.api.policy.IsKnown"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "equipment.api.policy.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api.problem",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Home Before",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Community equipment, tied to each person's expected discharge date.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "OAUTH2_FLOWS": ["clientCredentials"],
    "OAUTH2_TOKEN_URL": "/oauth/token/",
    "OAUTH2_SCOPES": {
        "discharge": "Request equipment and watch readiness",
        "store": "Move equipment through the store",
        "alarm": "Acknowledge test calls, for an alarm centre",
    },
    "ENUM_NAME_OVERRIDES": {"KindEnum": choices(TestKind), "MarkerKindEnum": choices(MarkerKind)},
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.schema.complete"],
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "SCOPES": {
        "discharge": "Request equipment and watch readiness",
        "store": "Move equipment through the store",
        "alarm": "Acknowledge test calls, for an alarm centre",
    },
    "DEFAULT_SCOPES": ["discharge"],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    # The OAuth 2.0 security best practice (RFC 9700), all of it: only client credentials are used here anyway.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # tokens are kept as hashes
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000  # bytes

# Key-safe codes and risk markers at rest: Fernet keys separated by commas, the newest first; older ones still read.
# `manage.py rotate_secrets` writes everything anew under the first. Without any, DEBUG and the demo's clock make one
# from SECRET_KEY; everywhere else nothing secret is stored.
SECRETS_KEYS = env.list("SECRETS_KEYS", default=[])

# --- Celery: the queue is a hint, the outbox table is the truth
# ---------------------------------------------------------
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="redis://127.0.0.1:6379/0")
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "logistics.tasks.plan_*": {"queue": "planning"},
    "logistics.tasks.sweep_planning": {"queue": "planning"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,  # seconds; above the longest task, or it runs twice
    "socket_connect_timeout": 2,
}
# A nudge after commit must never hold up the order that sent it: one quick try, then the sweeper finds the row.
CELERY_TASK_PUBLISH_RETRY = False

# --- what the service has agreed (domain brief [G]: configurable, with units) -----------------------------------------
SERVICE = {
    "REGION": env.str("SERVICE_REGION", default="ENG"),  # bank holidays: ENG, WLS, SCT, NIR
    "LATEST_SAFE_HOUR": env.int("LATEST_SAFE_HOUR", default=12),  # local hour on the EDD by which kit is in place
    "BULKY_FITTING_MINUTES": env.int("BULKY_FITTING_MINUTES", default=15),  # from here on: the working day before
    "EDD_HORIZON_DAYS": env.int("EDD_HORIZON_DAYS", default=365),  # an EDD further ahead is a typing error
    "SPEED_WORKING_DAYS": env.int("SPEED_WORKING_DAYS", default=7),  # standard contract speed
    "COLLECTION_WORKING_DAYS": env.int("COLLECTION_WORKING_DAYS", default=5),
    "PLANNING_DAYS": env.int("PLANNING_DAYS", default=4),  # working days ahead that each plan covers
    "PLANNING_SECONDS": env.int("PLANNING_SECONDS", default=10),  # solver budget per depot
    "PLANNING_ITERATIONS": env.int("PLANNING_ITERATIONS", default=0),  # above 0: stop by these too, and so repeatably
    "PLANNING_SEED": env.int("PLANNING_SEED", default=1),
    "PROMISE_MINUTES": env.int("PROMISE_MINUTES", default=60),  # half-width of the window told to the person
    "WEIGHT_VALID_DAYS": env.int("WEIGHT_VALID_DAYS", default=183),  # an older weight counts as none (rule 12)
    "WEIGHT_CHANGE_PERCENT": env.int("WEIGHT_CHANGE_PERCENT", default=10),  # more than this voids a risk assessment
    # A body smaller than any of these needs its own product: adult beds and rails trap it.
    "SMALL_BODY_CM": env.int("SMALL_BODY_CM", default=146),
    "SMALL_BODY_KG": env.int("SMALL_BODY_KG", default=40),
    "SMALL_BODY_BMI": env.int("SMALL_BODY_BMI", default=17),
    "ASSESSMENT_DAYS": env.int("ASSESSMENT_DAYS", default=365),  # a risk assessment counts for this long at most
    "OVERRIDE_DAYS": env.int("OVERRIDE_DAYS", default=28),  # an override counts for this long at most
    "HOME_TEST_LEAD_DAYS": env.int("HOME_TEST_LEAD_DAYS", default=28),  # before it falls due, a home visit is raised
    # What a crew must be able to do to make a test at home, by kind of test; any crew makes the others.
    "HOME_TEST_SKILLS": {"loler": "loler", **env("HOME_TEST_SKILLS", cast=dict, default={})},
    "RECALL_VISITS_AT_ONCE": env.int("RECALL_VISITS_AT_ONCE", default=200),  # raised in one sweep, most urgent first
    "ANALOGUE_SWITCH_OFF": env("ANALOGUE_SWITCH_OFF", cast=date.fromisoformat, default=date(2027, 1, 31)),
    "KEY_HOLDER_DAYS": env.int("KEY_HOLDER_DAYS", default=365),  # then key holders are asked again
    "FREE_NOTICE_DAYS": env.int("FREE_NOTICE_DAYS", default=14),  # before a free period ends, somebody is told
    "REVIEW_DAYS": env.int("REVIEW_DAYS", default=182),  # after delivery, unless the product says otherwise
    "REVIEW_REMINDER_DAYS": env.int("REVIEW_REMINDER_DAYS", default=14),  # between two reminders to the prescriber
    "BEREAVEMENT_DAYS": env.int("BEREAVEMENT_DAYS", default=14),  # before a collection after a death is asked for
    "SECRET_BEFORE_MINUTES": env.int("SECRET_BEFORE_MINUTES", default=60),  # a door's secrets, before its window
    "SECRET_AFTER_MINUTES": env.int("SECRET_AFTER_MINUTES", default=120),  # and after it
    "SECRET_KEPT_DAYS": env.int("SECRET_KEPT_DAYS", default=30),  # with nothing left to do at the address
    "MARKER_DAYS": env.int("MARKER_DAYS", default=365),  # a risk marker counts for this long at most
    "CREDIT_PERCENT": {"good": 80, "worn": 60, "incomplete": 0, "damaged": 0},  # of the price charged, by condition
    "AMEND_TOLERANCE_PERCENT": env.int("AMEND_TOLERANCE_PERCENT", default=10),  # above: authorised again (rule 17)
    "TEST_REMAINING_DAYS": env.int("TEST_REMAINING_DAYS", default=28),  # least validity of a test at issue
    # Least minutes the agent must stay on, by method; a run may ask for more or fewer, as its maker says.
    "CONTACT_MINUTES": {
        "detergent": 1,
        "chlorine_1000": 5,
        "chlorine_10000": 10,
        "sporicidal": 10,
        "launder": 30,
        "launder_thermal": 45,
    },
    "REPAIR_COST_PERCENT": env.int("REPAIR_COST_PERCENT", default=50),  # of the price new: above it, not worth mending
    "LABOUR_POUNDS_PER_HOUR": env.int("LABOUR_POUNDS_PER_HOUR", default=30),
    # Hours that an asset may wait in a queue before it counts as late, such as "clean=8;test=12". What is to be
    # picked or is held has no target: the day it is needed decides.
    "TURNAROUND_HOURS": {
        "clean": 24,
        "washing": 4,
        "test": 24,
        "repair": 120,
        "shelve": 4,
        "lane": 24,
        "accept": 24,
        "returning": 12,
        "collect": 120,
        "transfers": 24,
        "dispose": 720,
        **env("TURNAROUND_HOURS", cast={"value": int}, default={}),
    },
    # A correction of a count worth more than this waits for a second person (rule 14).
    "ADJUSTMENT_APPROVAL_POUNDS": env.int("ADJUSTMENT_APPROVAL_POUNDS", default=50),
    "IMPORT_ROWS": env.int("IMPORT_ROWS", default=100_000),  # at most, in one file brought in
    "IMPORT_MEGABYTES": env.int("IMPORT_MEGABYTES", default=20),
    "IMPORT_LEASE_SECONDS": env.int("IMPORT_LEASE_SECONDS", default=120),  # renewed with every chunk
    "OUTBOX_LEASE_SECONDS": env.int("OUTBOX_LEASE_SECONDS", default=300),
    "GEOCODER": env.str("GEOCODER", default=""),  # a geopy geocoder's dotted path; empty: the gazetteer only
}

# Least data in the logs: no query strings, no bodies.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    # geopy and urllib3 log addresses asked for, and with them postcodes.
    "loggers": {"geopy": {"level": "WARNING"}, "urllib3": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
