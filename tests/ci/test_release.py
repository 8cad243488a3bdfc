"""The release: its workflow's scripts with stand-ins for the network, and its check."""

import re
import shutil
from pathlib import Path

import pytest

from tests.ci.steps import Runner, Step, load, stand_in, steps_of
from tests.help.commands import Ended, assert_refused, run
from tests.help.running import ROOT

WORKFLOW = load(".github/workflows/release.yml")
VERSION = (ROOT / "VERSION").read_text().strip()
SECRET = "not to be shown"
DIGEST = f"sha256:{'a' * 64}"


class Job:
    """A runner with a checkout, in which sudo, docker and gh only record their arguments."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "programs"
        self.runner = Runner(folder, self.programs)
        for name in ("VERSION", "CHANGELOG.md"):
            shutil.copy(ROOT / name, self.runner.workspace / name)
        metadata = f'{{"containerimage.digest": "{DIGEST}"}}'
        stand_in(self.programs, "docker", f"echo '{metadata}' >image.json")
        stand_in(self.programs, "jq", f"echo {DIGEST}")
        for name in ("sudo", "gh"):
            stand_in(self.programs, name)

    def run(self, job: str, name: str, **github: str) -> Step:
        context = {f"github.{key}": value for key, value in github.items()}
        return self.runner.run(steps_of(WORKFLOW["jobs"][job])[name], context)

    def calls(self, program: str) -> list[str]:
        return (self.programs / f"{program}.log").read_text().splitlines()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_the_tag_is_checked_and_never_a_command(job: Job) -> None:
    """The build job gives the tag to the check as one argument."""
    step = job.run("build", "Check the release and build it", ref_name="v1$(touch hacked)")
    assert step.code == 0, step.log
    assert job.calls("sudo") == ["IMAGE=off onefile/release_check.sh v1$(touch hacked)"]
    assert not (job.runner.workspace / "hacked").exists()


def test_the_image_is_pushed_with_its_sbom(job: Job) -> None:
    """The image is pushed in lower case, with SBOM and provenance, and gives its digest."""
    step = job.run("image", "Build and push the image", token=SECRET)
    assert step.code == 0, step.log
    build = job.calls("docker")[-1]
    assert f"--tag ghcr.io/someone/rinha:{VERSION} ." in build
    assert "--sbom=true --provenance=mode=max" in build
    assert step.outputs == {"image": "ghcr.io/someone/rinha", "digest": DIGEST}
    assert (job.programs / "docker.in").read_text() == f"{SECRET}\n"
    assert not any(SECRET in call for call in job.calls("docker"))


def test_the_notes_are_those_of_the_version(job: Job) -> None:
    """A release has the changelog's section of its version, and all files of dist/."""
    changelog = (
        f"# Changelog\n\n## {VERSION} (2026-12-01)\n\n### A\n\n- new\n\n## 0.0.1 (x)\n\n- old\n"
    )
    (job.runner.workspace / "CHANGELOG.md").write_text(changelog)
    (job.runner.workspace / "dist").mkdir()
    for name in ("a", "SHA256SUMS"):
        (job.runner.workspace / "dist" / name).touch()
    step = job.run("publish", "Create the release", token=SECRET, ref_name=f"v{VERSION}")
    assert step.code == 0, step.log
    [call] = job.calls("gh")
    assert call.startswith(f"release create v{VERSION} --verify-tag ")
    assert call.endswith("dist/SHA256SUMS dist/a")
    assert (job.runner.workspace / "notes.md").read_text() == "\n### A\n\n- new\n\n"


def test_only_the_judge_goes_to_the_index(job: Job) -> None:
    """The package index gets the judge's wheel and sdist, and nothing else."""
    judge = {f"rinha_loadtest-{VERSION}-py3-none-any.whl", f"rinha_loadtest-{VERSION}.tar.gz"}
    (job.runner.workspace / "dist").mkdir()
    for name in (*judge, f"rinha-{VERSION}.tar.gz", f"loadtest-{VERSION}-linux-x86_64"):
        (job.runner.workspace / "dist" / name).touch()
    assert job.run("index", "Leave only the judge's packages").code == 0
    assert {path.name for path in (job.runner.workspace / "judge").iterdir()} == judge


def test_permissions_are_those_that_a_job_needs() -> None:
    """No job has a permission by default, and only the jobs that upload may write."""
    assert WORKFLOW["permissions"] == {}
    writing = {
        name: {scope for scope, access in job["permissions"].items() if access == "write"}
        for name, job in WORKFLOW["jobs"].items()
    }
    assert writing == {
        "build": set(),
        "image": {"packages", "id-token", "attestations"},
        "publish": {"contents", "id-token", "attestations"},
        "index": {"id-token"},
    }


def test_actions_of_others_are_pinned_by_commit() -> None:
    """An action of another repository is named by a commit, with its version beside it."""
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    used = re.findall(r"uses: (.*)", text)
    assert used
    for one in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", one), one


class Sources:
    """Copies of the release's check and what it reads, with a stand-in for the build."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "onefile").mkdir()
        shutil.copy(ROOT / "onefile" / "release_check.sh", folder / "onefile")
        stand_in(folder / "onefile", "dist.sh", "echo building; exit 7")
        shutil.copytree(ROOT / ".github", folder / ".github")
        shutil.copy(ROOT / "action.yml", folder)
        (folder / "VERSION").write_text("1.2.3\n")
        self.heading("1.2.3 (2026-12-01)")

    def heading(self, text: str) -> None:
        (self.folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## {text}\n\n- new\n")

    def check(self, *words: str) -> Ended:
        return run(self.folder / "onefile" / "release_check.sh", *words)


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path)


def test_a_tag_of_another_version_is_refused(sources: Sources) -> None:
    """A tag that is not the version's is refused before anything is built."""
    assert_refused(sources.check("v1.2.4"), "v1.2.4", "v1.2.3", code=1)


@pytest.mark.parametrize("heading", ["1.2.3 (unreleased)", "1.2.4 (2026-12-01)", "1.2.30"])
def test_a_changelog_without_the_release_is_refused(sources: Sources, heading: str) -> None:
    """A tag is refused where the changelog does not begin with a dated section of its version."""
    sources.heading(heading)
    assert_refused(sources.check("v1.2.3"), "CHANGELOG.md", "1.2.3", code=1)


def test_a_right_tag_is_built(sources: Sources) -> None:
    """The right tag leads to the build, whose failure ends the check."""
    done = sources.check("v1.2.3")
    assert done.code == 7, done.text
    assert done.out.endswith("building\n")
