from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("materials", "0003_check_the_form_of_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="material",
            constraint=models.UniqueConstraint(
                condition=models.Q(("file", ""), _negated=True),
                fields=("file",),
                name="material_file_once",
            ),
        ),
    ]
