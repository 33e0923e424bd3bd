"""The history of discharges, orders, visits and routes refuses change in the database itself (rule 40)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("logistics", "0001_initial"), ("equipment", "0002_sequence_and_append_only")]

    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER logistics_event_append_only BEFORE UPDATE OR DELETE ON logistics_event "
            "FOR EACH ROW EXECUTE FUNCTION equipment_refuse_change()",
            "DROP TRIGGER logistics_event_append_only ON logistics_event",
        )
    ]
