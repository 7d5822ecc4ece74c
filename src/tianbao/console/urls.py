"""One line a screen."""

from django.urls import path
from django.views.generic import RedirectView

from tianbao.console import login

app_name = "console"

urlpatterns = [
    path("login", login.show_login, name="login"),
    path("logout", login.sign_out, name="logout"),
    path("unlock", login.show_unlock, name="unlock"),
    path("password", login.show_password, name="password"),
    path("language", login.set_language, name="language"),
    # records
    path("", RedirectView.as_view(url="/console/password"), name="home"),  # until the dashboard stands: replace it
]
