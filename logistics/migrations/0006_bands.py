"""A prescriber orders products of a band and below (rule 15)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("logistics", "0005_authorised_without_pin")]

    operations = [
        migrations.AddField(
            model_name="prescriber",
            name="band",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Orders products of this band and below (rule 15)"
            ),
        )
    ]
