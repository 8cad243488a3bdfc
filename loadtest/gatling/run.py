"""Runs Gatling as the contest's users do: Maven fetches it, compiles a simulation and starts it."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

# Maven's build is kept between runs, beside the results.
BUILD = Path("out/gatling-build")
RESULTS = Path("out/gatling")
JAVA_MIN = 17


class GatlingError(Exception):
    """Gatling cannot run here, or has failed; the text says why."""


def require_maven() -> None:
    """Checks for Maven, and for the version of Java that Maven would use."""
    if not shutil.which("mvn"):
        raise GatlingError("there is no mvn: apt-get install maven default-jdk-headless")
    asked = subprocess.run(["mvn", "-v"], capture_output=True, text=True, check=False)
    java = re.search(r"Java version: (\d+)", asked.stdout)
    if java is None or int(java[1]) < JAVA_MIN:
        found = f"Java {java[1]}" if java else "no Java"
        raise GatlingError(
            f"mvn finds {found}, but {JAVA_MIN} or newer is needed: "
            f"apt-get install default-jdk-headless"
        )


def run_gatling(
    simulation: Traversable, url: str, warm_up: str, scale: float, feeds: Mapping[str, str]
) -> Path:
    """Runs a simulation, and returns the folder of its results.

    A user's own simulation chooses its target itself. `feeds` are the files that its feeders read.
    """
    before = set(RESULTS.glob("*/"))
    try:
        alone = _lay_out(simulation)
        (alone / "resources").mkdir()
        for name, text in feeds.items():
            (alone / "resources" / name).write_text(text, "utf-8")
    except OSError as error:
        where = f"{BUILD.resolve()}: {error.strerror}"
        raise GatlingError(f"{where}; run it in a folder that it may write") from error
    command = ["mvn", "-B", "-q", "-ntp", "-Dstyle.color=never", "-f", str(BUILD), "gatling:test"]
    command += [f"-Dresults={RESULTS.resolve()}", f"-Durl={url}", f"-Dscale={scale}"]
    command += [f"-Dgatling.http.warmUpUrl={url}{warm_up}", f"-Dsimulation.folder={alone}"]
    # Gatling's own exit code covers assertions only; the results tell more.
    subprocess.run(command, check=False)
    made = sorted(set(RESULTS.glob("*/")) - before)
    if not made:
        raise GatlingError("Gatling left no results; its last output is above")
    return made[-1]


def _lay_out(simulation: Traversable) -> Path:
    """Writes build files and simulation to disk, and returns the simulation's folder.

    Maven needs files, and the package may be an archive. The simulation is alone in its folder:
    Maven compiles every source there.
    """
    alone = BUILD.resolve() / "simulation"
    shutil.rmtree(alone, ignore_errors=True)
    ours = files("loadtest.gatling")
    for folder, sources in (
        (BUILD, [ours / "pom.xml"]),
        (BUILD / "conf", (ours / "conf").iterdir()),
        (alone, [simulation]),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        for source in sources:
            (folder / source.name).write_bytes(source.read_bytes())
    return alone
