from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chatrooms", "0004_check_the_form_of_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Before the other one goes: the rooms of a person are always found by one of the two.
        migrations.AddIndex(
            model_name="roommember",
            index=models.Index(fields=["user", "-room"], name="room_member_newest_by_user"),
        ),
        migrations.RemoveIndex(
            model_name="roommember",
            name="room_member_by_user",
        ),
    ]
