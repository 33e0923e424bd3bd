"""The history of the store's jobs refuses change; assets learn since when they stand where they stand, from their own history."""

from django.db import migrations

_SINCE = """
UPDATE equipment_asset SET since = moved.at FROM (
    SELECT DISTINCT ON (asset_id) asset_id, at FROM equipment_assetevent WHERE from_state <> to_state
    ORDER BY asset_id, id DESC
) AS moved WHERE moved.asset_id = equipment_asset.id
"""


class Migration(migrations.Migration):
    dependencies = [("equipment", "0003_the_store_floor")]

    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER equipment_floorevent_append_only BEFORE UPDATE OR DELETE ON equipment_floorevent "
            "FOR EACH ROW EXECUTE FUNCTION equipment_refuse_change()",
            "DROP TRIGGER equipment_floorevent_append_only ON equipment_floorevent",
        ),
        migrations.RunSQL(_SINCE, migrations.RunSQL.noop),
    ]
