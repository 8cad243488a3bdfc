"""The linters of workflows find nothing in ours, nor in the examples of the documentation."""

import re
from pathlib import Path

import pytest
import yaml

from loadtest.commands.parser import parser
from tests.ci.steps import load
from tests.help.commands import run
from tests.help.running import ROOT

PAGE = (ROOT / "docs" / "ci.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
WORKFLOWS = [text for text in EXAMPLES if text.startswith("on:") or "\non:" in text]
GITLAB = [text for text in EXAMPLES if "artifacts:" in text]


@pytest.mark.tools
@pytest.mark.needs("actionlint")
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """actionlint finds nothing in our workflows, nor in the examples."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for number, text in enumerate(WORKFLOWS):
        (folder / f"example{number}.yml").write_text(text)
    paths = [*(ROOT / ".github" / "workflows").glob("*.yml"), *folder.glob("*.yml")]
    done = run("actionlint", *paths)
    assert done.code == 0, done.text


@pytest.mark.tools
@pytest.mark.needs("zizmor")
def test_zizmor_finds_nothing() -> None:
    """zizmor finds no way into our action and workflows."""
    done = run("zizmor", "--offline", "--quiet", "action.yml", ".github/workflows")
    assert done.code == 0, done.text


def test_examples_use_inputs_that_the_action_has() -> None:
    """An example gives the action only inputs that it has, and reads only its outputs."""
    action = load("action.yml")
    used = 0
    for text in WORKFLOWS:
        for job in yaml.safe_load(text)["jobs"].values():
            for step in job["steps"]:
                if "/rinha@" in step.get("uses", ""):
                    used += 1
                    assert set(step.get("with", {})) <= set(action["inputs"])
    assert used >= 2
    assert set(re.findall(r"outputs\.([\w-]+)", PAGE)) <= set(action["outputs"])


def test_every_input_is_described() -> None:
    """The page has a row for each input of the action, and for no other."""
    listed = re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)
    assert listed == list(load("action.yml")["inputs"])


def test_the_gitlab_example_calls_the_judge_rightly() -> None:
    """The command in the example for GitLab is one that the judge takes."""
    assert GITLAB
    for text in GITLAB:
        for job in yaml.safe_load(text).values():
            lines = [line for line in job["script"] if "loadtest" in line]
            assert lines
            for line in lines:
                words = line.split()
                asked = parser().parse_args(words[1:])
                assert str(asked.junit) == job["artifacts"]["reports"]["junit"]
