"""Staff's screens: thin Django views over services, one module a screen."""
