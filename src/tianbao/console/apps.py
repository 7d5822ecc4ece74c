"""Django's name for the console."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "tianbao.console"
    label = "console"
