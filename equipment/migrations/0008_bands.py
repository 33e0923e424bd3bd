"""A product may be for prescribers of a band (rule 15); until somebody says so, for all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("equipment", "0007_loans_wait_to_be_fetched")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="band",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Ordered by prescribers of this band or a higher one; 0: by all (rule 15)"
            ),
        )
    ]
