"""A follow-up is about a person, whether there is a visit or not; those there are take theirs from the visit."""

import django.db.models.deletion
from django.db import migrations, models

_FROM_THE_VISIT = """
UPDATE logistics_followup SET person_id = visit.person_id FROM logistics_visit AS visit
WHERE visit.id = logistics_followup.visit_id
"""


class Migration(migrations.Migration):
    # PostgreSQL refuses to alter a table whose rows wait for a deferred check: hence two migrations.
    dependencies = [("logistics", "0003_safety")]

    operations = [
        migrations.RunSQL(_FROM_THE_VISIT, migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="followup",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="follow_ups", to="equipment.person"
            ),
        ),
    ]
