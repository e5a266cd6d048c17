from django.db import migrations, models

import common.constraints


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_check_the_form_of_keys"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(common.constraints.OnlyCharacters(models.F("email"), characters="!-~")),
                name="user_email_characters",
            ),
        ),
    ]
