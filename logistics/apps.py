from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    name = "logistics"
    verbose_name = "Discharges and deliveries"

    def ready(self) -> None:
        from logistics import scanning  # noqa: F401  picking and loading make themselves known to the scan page
