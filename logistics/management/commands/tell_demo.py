"""`manage.py tell_demo --base-url URL`: plays the story through the API of the running demonstration and prints it."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from logistics.demo import fleet, people, report, story
from logistics.demo.client import Api, Unexpected


class Command(BaseCommand):
    help = "Tells the demonstration's story: three days in a minute, through the real API and the real queue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--base-url", required=True, help="where the web server answers, such as http://127.0.0.1:8000"
        )
        default = settings.BASE_DIR / "var" / "demo" / "summary.json"
        parser.add_argument("--summary", type=Path, default=default, help="file for the result, as JSON")

    def handle(self, *args: Any, base_url: str, summary: Path, **options: Any) -> None:
        if not settings.DEMO_CLOCK_FILE:
            raise CommandError("DEMO_CLOCK_FILE is not set, so this is not the demonstration: run scripts/demo.")
        memory = summary.with_name("story.json")
        known = report.load(memory)
        if not known:
            known = self._tell(base_url, summary, memory)
        elif known.get("told") and self._still_there(base_url, known["discharges"]):
            self._say("This story was told before, and its people are still there:")
            self._say("\n".join(known["lines"]))
            report.save(summary, known["summary"])
        else:
            raise CommandError(
                "An earlier telling was cut short or its data are gone: start with scripts/demo --reset."
            )
        self._close(base_url, known)

    def _tell(self, base_url: str, summary: Path, memory: Path) -> dict[str, Any]:
        tale = report.Tale(self._say)
        report.save(memory, {"told": False})
        summary.unlink(missing_ok=True)
        stage = story.open_stage(base_url, tale)
        try:
            told = story.tell(stage)
            report.save(summary, told.summary)
            drivers = story.set_the_next_scene(stage)
        except Unexpected as broken:
            stage.claim("story", False, str(broken))
            report.save(summary, report.with_steps({}, tale))
            raise CommandError(f"The story broke off: {broken}") from broken
        known = {
            "told": True,
            "summary": told.summary,
            "discharges": told.discharges,
            "lines": tale.lines,
            "drivers": drivers,
        }
        report.save(memory, known)
        return known

    def _still_there(self, base_url: str, discharges: list[str]) -> bool:
        ward = Api(base_url, people.WARD_BOARD)
        try:
            return all(ward.get(f"/discharges/{reference}/")["state"] == "home" for reference in discharges)
        except Unexpected:
            return False

    def _close(self, base_url: str, known: dict[str, Any]) -> None:
        summary = known["summary"]
        self._say("\nWhat came of it")
        self._say("\n".join(report.table(summary)))
        self._say("\n" + "\n".join(self._addresses(base_url.rstrip("/"), known["drivers"])))
        failed = [step["step"] for step in summary["steps"] if not step["held"]]
        if failed:
            raise CommandError(f"These steps did not hold: {', '.join(failed)}.")

    def _addresses(self, base: str, on_the_road: list[str]) -> list[str]:
        token = Api(base, people.WARD_BOARD).token
        drivers = [driver for crew in fleet.CREWS for driver in crew.drivers]
        driver = next((one for one in drivers if one[1] in on_the_road), drivers[0])
        rows = [(f"{base}/admin/", login.username, login.role) for login in people.LOGINS]
        rows.append((f"{base}/driver/", driver[0], f"Driver, {driver[1]}"))
        return [
            f"Sign in with the password {people.PASSWORD}:",
            *(f"  {url:<32} {username:<12} {role}" for url, username, role in rows),
            f"  {base + '/api/v1/docs/':<32} {'':<12} The API, to read and to try",
            "A hospital system's view, with a token good for an hour:",
            f"  curl -H 'Authorization: Bearer {token}' {base}/api/v1/readiness/",
        ]

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()
