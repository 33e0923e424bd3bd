"""Asset numbers come from a sequence, so that two receipts at once never share one; histories refuse change in the database itself."""

from django.db import migrations

_REFUSE = """
CREATE OR REPLACE FUNCTION equipment_refuse_change() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a correction is a new row', TG_TABLE_NAME;
END;
$$ LANGUAGE plpgsql;
"""

_TABLES = ("equipment_assetevent", "equipment_stockmovement")


def _trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION equipment_refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("equipment", "0001_initial")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE equipment_asset_number START 1001", "DROP SEQUENCE equipment_asset_number"),
        migrations.RunSQL(_REFUSE, "DROP FUNCTION equipment_refuse_change()"),
        *[_trigger(table) for table in _TABLES],
    ]
