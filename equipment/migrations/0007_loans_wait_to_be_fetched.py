from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("equipment", "0006_safety_history")]

    operations = [
        migrations.AddField(
            model_name="loan",
            name="fetch_asked_at",
            field=models.DateTimeField(editable=False, help_text="Counted stock waits to be fetched since", null=True),
        ),
    ]
