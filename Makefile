# Every target sets up what it needs; a fresh Debian needs only python3.11, make and git.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up

.PHONY: help setup run test check bench golden messages

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

setup: $(STAMP) ## create .venv with the locked dependencies (idempotent)

$(STAMP): requirements.lock pyproject.toml scripts/setup.sh
	sh scripts/setup.sh $(VENV)
	@touch $@

run: setup ## start Tianbao with sample data in a throw-away folder
	$(BIN)/tianbao demo

check: setup ## format, lint, types, import contracts, translations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/messages.py --check

test: check ## every check and every test
	sh scripts/browser.sh
	$(BIN)/pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

bench: setup ## the intake against a bare ASGI echo, in one run
	$(BIN)/tianbao bench intake

golden: setup ## rewrite the golden files; read the diff before you commit it
	$(BIN)/pytest tests/golden --rewrite-golden

messages: setup ## collect the program's texts and compile the translations
	$(BIN)/python scripts/messages.py
