"""What happened to a person's record, and who read a secret, refuses change in the database itself (rules 39 and 40)."""

from django.db import migrations

_TABLES = ("equipment_personevent", "equipment_secretview")


def _trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION equipment_refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("equipment", "0005_safety")]

    operations = [_trigger(table) for table in _TABLES]
