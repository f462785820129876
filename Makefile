# Everything that is done with this repository is done through here, on a machine that has Python 3.11 or newer, make
# and git: each target first brings what it needs (uv, the virtual environment, aws-sam-cli) and brings it once.

ALARM := events/device-defender-detect.in-alarm.messages-sent-contained.json
STAGE := dev
UV_VERSION := 0.13.9

# `make test PYTHON=3.13` runs on another Python, in an environment of its own. Only the command line counts: a PYTHON
# that happens to stand in the environment means something else.
ifeq ($(origin PYTHON),command line)
ASKED := $(PYTHON)
endif
VENV := .venv$(addprefix -,$(ASKED))
BIN := $(VENV)/bin
UV := .tools/uv-$(UV_VERSION)/bin/uv
SAM := .tools/sam/bin/sam
READY := $(VENV)/.synced
HOST_ARCHITECTURE := $(subst aarch64,arm64,$(shell uname -m))

# uv takes the Python that is there and never brings one, and trusts whom the machine trusts; boto3 and sam neither look
# for an instance role nor call home; local time is the same everywhere.
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := true
export AWS_EC2_METADATA_DISABLED := true
export SAM_CLI_TELEMETRY := 0
export TZ := UTC
# Without bytecode every start of a test worker or of `cordon` compiles boto3 and moto anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE

# All but `deploy` runs without credentials, whatever the shell holds: nothing local may reach a real account.
LOCAL := env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN -u AWS_PROFILE -u AWS_DEFAULT_PROFILE \
	AWS_DEFAULT_REGION=us-east-1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup play test soak check check-code check-template check-artefact build deploy lock clean

help: ## Show this list
	@echo 'make TARGET, where TARGET is one of:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(READY) ## Make the virtual environment, with .venv/bin/cordon

play: $(READY) ## Answer a sample alarm end to end in the local AWS, and show it
	$(LOCAL) $(BIN)/cordon playtest run $(ALARM)

# worksteal: the end-to-end tests stand together, and dealt out in turn nearly all would fall to one worker.
test: $(READY) ## Run all tests; PYTHON=3.13 for another Python, in an environment of its own
	$(LOCAL) $(BIN)/pytest --numprocesses auto --dist worksteal

soak: $(READY) ## Raise 10,000 alarms at once in the local AWS, and 200 with every handler run twice: none may be lost
	$(LOCAL) $(BIN)/python -m tests.soak --repeats 1 --twice
	$(LOCAL) $(BIN)/python -m tests.soak

check: check-code check-template check-artefact ## Run every checker: code, template, the built artefact

check-code: $(READY) ## Format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check-template: $(READY) $(SAM) ## sam validate, and cfn-lint before and after the transform
	$(BIN)/python tools/lint_template.py template.yaml
	$(LOCAL) $(SAM) validate --lint --template template.yaml

check-artefact: $(READY) $(SAM) ## Requirements, arm64 wheels, and that every built handler imports
	$(BIN)/python tools/check_requirements.py --uv $(UV)
	$(LOCAL) UV=$(UV) tools/sam-build .aws-sam/host --parameter-overrides Architecture=$(HOST_ARCHITECTURE); \
		case $$? in 0) $(BIN)/python tools/check_artefact.py .aws-sam/host ;; 3) ;; *) exit 1 ;; esac

build: $(SAM) ## Build the artefact that deploy uploads, bytecode and all
	$(LOCAL) UV=$(UV) tools/sam-build .aws-sam/build --config-env $(STAGE)

deploy: build ## Deploy to AWS with your own credentials: make deploy STAGE=dev
	$(SAM) deploy --config-env $(STAGE)

lock: $(UV) ## Write uv.lock and functions/requirements.txt anew from pyproject.toml
	$(UV) lock
	$(UV) lock --project tools/sam
	$(MAKE) $(READY)
	$(BIN)/python tools/check_requirements.py --uv $(UV) --write

clean: ## Remove all that make has made
	rm -rf .venv .venv-* .tools .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV): tools/bootstrap-uv tools/find-python
	tools/bootstrap-uv $(UV_VERSION) $(dir $(@D))
	@touch $@

$(READY): pyproject.toml uv.lock $(UV)
	@python=$$(tools/find-python $(ASKED)) || { echo 'Python $(or $(ASKED),3.11 or newer) is not on this machine.' >&2; exit 1; }; \
		set -x; UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen --quiet --python "$$python"
	@touch $@

$(SAM): tools/sam/pyproject.toml tools/sam/uv.lock $(UV)
	@python=$$(tools/find-python) && set -x && \
		UV_PROJECT_ENVIRONMENT=$(CURDIR)/.tools/sam $(UV) sync --frozen --quiet --project tools/sam --python "$$python"
	@touch $@
