#!/bin/sh
# Creates the virtual environment $1 with exactly the dependencies of requirements.lock.
set -eu
venv=$1
python=$(command -v python3.11 || command -v python3)

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    echo "Python comes without its venv module here; installing Debian's python3-venv."
    as_root apt-get update -qq && as_root apt-get install -y -qq python3-venv
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
