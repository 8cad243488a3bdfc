"""Runs Gatling as the contest's users do: Maven fetches it, compiles a simulation and starts it."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

POM = Path(__file__).resolve().parent / "pom.xml"
COMPILED = POM.parent / "build" / "simulation"
FED = COMPILED / "resources"
RESULTS = Path("out/gatling")
JAVA_MIN = 17


class GatlingError(Exception):
    """Gatling cannot run here, or did not; the text says why."""


def require_maven() -> None:
    """Maven itself says which Java it would use."""
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
    simulation: Path, url: str, warm_up: str, scale: float, files: Mapping[str, str]
) -> Path:
    """The folder of the results; one that was brought asks where its author wants it to. The files
    are for its feeders."""
    before = set(RESULTS.glob("*/"))
    # Alone in a folder: Maven would compile whatever lies beside it.
    shutil.rmtree(COMPILED, ignore_errors=True)
    COMPILED.mkdir(parents=True)
    shutil.copy(simulation, COMPILED)
    FED.mkdir()
    for name, text in files.items():
        (FED / name).write_text(text)
    command = ["mvn", "-B", "-q", "-ntp", "-Dstyle.color=never", "-f", str(POM), "gatling:test"]
    command += [f"-Dresults={RESULTS.resolve()}", f"-Durl={url}", f"-Dscale={scale}"]
    command += [f"-Dgatling.http.warmUpUrl={url}{warm_up}", f"-Dsimulation.folder={COMPILED}"]
    # Gatling's own exit code tells of assertions only; the results tell more.
    subprocess.run(command, check=False)
    made = sorted(set(RESULTS.glob("*/")) - before)
    if not made:
        raise GatlingError("Gatling left no results; its last words are above")
    return made[-1]
