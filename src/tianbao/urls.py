"""The console's addresses, all under /console/; the public side belongs to the edge."""

from django.urls import include, path

urlpatterns = [
    path("console/account/", include("tianbao.console.account_urls")),
    path("console/", include("tianbao.console.urls")),
]
