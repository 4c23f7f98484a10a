"""Exit codes and problem slugs: the two closed sets a script may rely on.

A slug is never reused for another meaning; docs and tests are generated from this list.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What the process's exit status means. Of several, CLEANUP > INTERRUPTED > TASK wins."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    INVALID = 3
    TASK = 4
    INTERRUPTED = 5
    CLEANUP = 6
    DIFFERENT = 7


class Slug(StrEnum):
    """The stable name of each kind of problem."""

    # recipe text
    RECIPE_MISSING = "recipe/missing"
    RECIPE_ENCODING = "recipe/encoding"
    RECIPE_SYNTAX = "recipe/syntax"
    RECIPE_TAB = "recipe/tab"
    RECIPE_DUPLICATE_KEY = "recipe/duplicate-key"
    RECIPE_TOO_DEEP = "recipe/too-deep"
    RECIPE_TOO_LARGE = "recipe/too-large"
    RECIPE_ALIAS = "recipe/alias"
    RECIPE_TAG = "recipe/tag"
    RECIPE_EMPTY = "recipe/empty"
    RECIPE_UNKNOWN_KEY = "recipe/unknown-key"
    RECIPE_MISSING_KEY = "recipe/missing-key"
    RECIPE_WRONG_TYPE = "recipe/wrong-type"
    RECIPE_BAD_VALUE = "recipe/bad-value"
    RECIPE_UNQUOTED_BUILD = "recipe/unquoted-build"
    RECIPE_SCHEMA = "recipe/schema"
    RECIPE_BAD_PATH = "recipe/bad-path"
    RECIPE_BAD_HIVE = "recipe/bad-hive"
    RECIPE_UNKNOWN_INPUT = "recipe/unknown-input"
    RECIPE_WRONG_INPUT = "recipe/wrong-input"
    RECIPE_EXTENDS = "recipe/extends"
    RECIPE_EXTENDS_CYCLE = "recipe/extends-cycle"
    RECIPE_TEMPLATE = "recipe/template"
    RECIPE_UNKNOWN_VAR = "recipe/unknown-var"
    RECIPE_SECRET = "recipe/secret"  # noqa: S105 - a slug, not a password
    # inputs
    INPUT_MISSING = "input/missing"
    INPUT_HASH = "input/hash"
    INPUT_UNREADABLE = "input/unreadable"
    INPUT_NOT_MEDIA = "input/not-media"
    INPUT_NOT_UPDATE = "input/not-update"
    INPUT_KIND = "input/kind"
    INPUT_DRIFT = "input/drift"
    INPUT_SECRET = "input/secret"  # noqa: S105 - a slug, not a password
    INPUT_REG_FILE = "input/reg-file"
    INPUT_UNSAFE = "input/unsafe"
    INPUT_NOT_DRIVERS = "input/not-drivers"
    # lock
    LOCK_MISSING = "lock/missing"
    LOCK_SYNTAX = "lock/syntax"
    LOCK_FORMAT = "lock/format"
    LOCK_STALE = "lock/stale"
    LOCK_BUMP = "lock/bump"
    # plan
    PLAN_NO_IMAGE = "plan/no-image"
    PLAN_TWO_CUMULATIVES = "plan/two-cumulatives"
    PLAN_ARCHITECTURE = "plan/architecture"
    PLAN_NO_TARGET = "plan/no-target"
    PLAN_NO_ORDERING = "plan/no-ordering"
    PLAN_ORDER_CYCLE = "plan/order-cycle"
    PLAN_UNKNOWN_STEP = "plan/unknown-step"
    PLAN_NO_SOURCE = "plan/no-source"
    PLAN_REFUSED = "plan/refused"
    PLAN_UNKNOWN_TASK = "plan/unknown-task"
    PLAN_NO_FEATURE = "plan/no-feature"
    PLAN_NO_APP = "plan/no-app"
    PLAN_NO_CAPABILITY = "plan/no-capability"
    PLAN_NO_LANGUAGE = "plan/no-language"
    PLAN_NO_DRIVER = "plan/no-driver"
    PLAN_DRIVER = "plan/driver"
    PLAN_ANSWER_FILE = "plan/answer-file"
    PLAN_CHECKPOINT = "plan/checkpoint"
    PLAN_LABEL = "plan/label"
    PLAN_KIND = "plan/kind"
    PLAN_EXPECTATION = "plan/expectation"
    PLAN_FILE = "plan/file"
    PLAN_FORMAT = "plan/format"
    PLAN_DAMAGED = "plan/damaged"
    # the run
    RUN_TASK_FAILED = "run/task-failed"
    RUN_CHECK_FAILED = "run/check-failed"
    RUN_EXPECT_FAILED = "run/expect-failed"
    RUN_PENDING = "run/pending-actions"
    RUN_NOT_APPLICABLE = "run/not-applicable"
    RUN_LOCKED = "run/locked"
    RUN_SPACE = "run/space"
    RUN_INTERRUPTED = "run/interrupted"
    RUN_CLEANUP = "run/cleanup"
    RUN_WORKER_DIED = "run/worker-died"
    RUN_UNACCOUNTED = "run/unaccounted"
    RUN_OUTPUT_EXISTS = "run/output-exists"
    RUN_TOOL_MISSING = "run/tool-missing"
    RUN_HOST = "run/host-not-ready"
    # git
    GIT_REPOSITORY = "git/repository"
    GIT_REVISION = "git/revision"
    GIT_FILE = "git/file"
    GIT_FAILED = "git/failed"
    # command line
    USAGE_ARGUMENT = "usage/argument"
    USAGE_FILE_EXISTS = "usage/file-exists"
    INTERNAL = "internal/bug"
