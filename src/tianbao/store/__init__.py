"""The one schema: models and migrations for Django, and the few statements the edge needs without it."""
