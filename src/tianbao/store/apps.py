"""Django's name for the schema."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    name = "tianbao.store"
    label = "store"
