from __future__ import annotations

import ast
from pathlib import Path

import pytest
from cordon import errors
from cordon.errors import AlarmRefused, CordonError, NeedsAPerson, Refused, RetryLater
from cordon.response.url_answer import STATUS

ROOT = Path(__file__).parents[2]
SOURCES = [ast.parse(path.read_text()) for path in (ROOT / "functions" / "cordon").rglob("*.py")]
PLAYBOOKS = " ".join(path.read_text() for path in (ROOT / "playbooks").glob("*.asl.yaml"))
BASES = {CordonError, RetryLater, NeedsAPerson, AlarmRefused, Refused}
OURS = {name: one for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, CordonError)}
RAISED_BY_NAME = sorted(name for name, one in OURS.items() if one not in BASES)
LEFT_TO_STATES_ALL = {"SettingsUnreadable"}
"""Errors that no playbook names and no code catches: the States.ALL of every state takes them to a person."""


def names_in(node: ast.AST | None) -> set[str]:
    """Return every plain name in a piece of code."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} if node else set()


def made() -> set[str]:
    """Return the names that are called anywhere: an error that is raised is made first."""
    return {
        node.func.id
        for tree in SOURCES
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def caught() -> set[str]:
    """Return the names that an `except` of ours names."""
    handlers = (node for tree in SOURCES for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))
    return {name for handler in handlers for name in names_in(handler.type)}


@pytest.mark.parametrize("name", RAISED_BY_NAME)
def test_every_error_is_raised_somewhere(name: str) -> None:
    """An error that nothing raises is a promise that nothing keeps."""
    assert name in made()


@pytest.mark.parametrize("name", RAISED_BY_NAME)
def test_every_error_is_handled_somewhere(name: str) -> None:
    """By name in a playbook, in code or in an answer of the desk, or by States.ALL because the list above says so."""
    named = name in PLAYBOOKS or name in caught() or OURS[name] in STATUS
    assert named != (name in LEFT_TO_STATES_ALL)


@pytest.mark.parametrize("base", sorted(one.__name__ for one in BASES))
def test_a_base_class_is_never_raised(base: str) -> None:
    """Step Functions compares names, and knows no inheritance."""
    assert base not in made()


def test_every_error_stands_in_the_tree() -> None:
    """The tree at the top of the module names each once."""
    tree = (errors.__doc__ or "").split()
    assert [name for name in OURS if tree.count(name) != 1] == []
