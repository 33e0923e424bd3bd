"""The Celery application and its beat table. `celery -A config worker -Q default,planning`; `celery -A config beat`."""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("home_before")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["equipment", "logistics"])

app.conf.beat_schedule = {
    "outbox": {"task": "logistics.tasks.sweep", "schedule": 5.0},
    "supply": {"task": "logistics.tasks.find_supply", "schedule": 5.0},
    "planning": {"task": "logistics.tasks.sweep_planning", "schedule": 5.0},
    "imports": {"task": "equipment.tasks.sweep_imports", "schedule": 5.0},
    "recalls": {"task": "equipment.tasks.sweep_recalls", "schedule": 5.0},
    "recall-visits": {"task": "logistics.tasks.carry_out_recalls", "schedule": 30.0},
    "rematch-recalls": {"task": "equipment.tasks.rematch_recalls", "schedule": crontab(hour=2, minute=30)},
    "nightly-tests": {"task": "logistics.tasks.raise_home_tests", "schedule": crontab(hour=19, minute=0)},
    "nightly-plan": {"task": "logistics.tasks.plan_every_depot", "schedule": crontab(hour=19, minute=30)},
    "forget-files": {"task": "equipment.tasks.forget_files", "schedule": crontab(hour=3, minute=0)},
    "forget-requests": {"task": "equipment.tasks.forget_requests", "schedule": crontab(hour=3, minute=10)},
    "end-markers": {"task": "equipment.tasks.end_markers", "schedule": crontab(hour=0, minute=5)},
    "forget-secrets": {"task": "logistics.tasks.forget_secrets", "schedule": crontab(hour=3, minute=30)},
    "forget-work": {"task": "logistics.tasks.forget_work", "schedule": crontab(hour=3, minute=20)},
    "dawn-tests": {"task": "logistics.tasks.raise_home_tests", "schedule": crontab(hour=4, minute=40)},
    "telecare": {"task": "logistics.tasks.chase_telecare", "schedule": crontab(hour=6, minute=10)},
    "gather-merged": {"task": "equipment.tasks.gather_merged", "schedule": crontab(hour=3, minute=40)},
    "reviews": {"task": "logistics.tasks.ask_reviews", "schedule": crontab(hour=6, minute=30)},
    "deaths": {"task": "logistics.tasks.finish_deaths", "schedule": 30.0},
    "renew-promises": {"task": "logistics.tasks.renew_promises", "schedule": crontab(minute=20)},
    "judge-promises": {"task": "logistics.tasks.judge_again", "schedule": crontab(minute=40)},
    "dawn-plan": {"task": "logistics.tasks.plan_every_depot", "schedule": crontab(hour=5, minute=0)},
}
