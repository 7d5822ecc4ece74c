"""Django on a data folder of its own, migrated once; a test that asks for the database (or for anything that
stands on it) runs in transactions that are rolled back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

_FOLDER = tempfile.mkdtemp(prefix="tianbao-test-")
os.environ["TIANBAO_DATA"] = _FOLDER
os.environ["DJANGO_SETTINGS_MODULE"] = "tianbao.settings"
os.environ.pop("TIANBAO_DATABASE_URL", None)

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment, teardown_test_environment  # noqa: E402
from tests import cast  # noqa: E402
from tests.integration.world import world  # noqa: E402, F401


@pytest.fixture(scope="session")
def migrated() -> Iterator[None]:
    """Both databases with their tables; hashing made cheap."""
    setup_test_environment(debug=False)
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64
    Argon2PasswordHasher.parallelism = 1
    for alias in settings.DATABASES:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    yield
    connections.close_all()
    teardown_test_environment()
    shutil.rmtree(_FOLDER, ignore_errors=True)


@pytest.fixture
def database(migrated: None) -> Iterator[None]:
    """Nothing a test writes is there in the next: rows, keys, the unlocked keyring, patience with passwords."""
    from tianbao.console.keyring import KEYRING
    from tianbao.console.login import PATIENCE

    with ExitStack() as stack:
        for alias in settings.DATABASES:
            stack.enter_context(transaction.atomic(using=alias))
            stack.callback(transaction.set_rollback, True, using=alias)
        yield
    KEYRING.lock()
    PATIENCE.reset()
    shutil.rmtree(settings.CONFIG.keys, ignore_errors=True)


@pytest.fixture
def keys(database: None) -> Path:
    """The key folder of the installation under test."""
    return settings.CONFIG.keys


@pytest.fixture
def installed(keys: Path) -> cast.Cast:
    """The cast in place."""
    return cast.make_cast(keys=keys)


@pytest.fixture
def client(database: None) -> Client:
    """A browser nobody is signed in with."""
    return Client()


@pytest.fixture
def signed_in(installed: cast.Cast, client: Client) -> Client:
    """The administrator's browser, the names open."""
    answer = client.post("/console/login", {"username": cast.USERNAME, "password": cast.PASSWORD})
    assert answer.status_code == 302
    return client
