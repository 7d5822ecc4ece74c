"""One line a screen."""

app_name = "console"

urlpatterns: list[object] = []
