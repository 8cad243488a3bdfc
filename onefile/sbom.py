"""The SBOM of an executable in CycloneDX form; the same bytes for the same executable."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onefile.parts import Part


def sbom(executable: Path, version: str, made_at_s: int, parts: Sequence[Part]) -> str:
    digest = hashlib.sha256(executable.read_bytes()).hexdigest()
    main = f"pkg:generic/{executable.name}@{version}"
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(made_at_s, UTC).isoformat().replace("+00:00", "Z"),
            "component": {
                "type": "application",
                "bom-ref": main,
                "name": executable.name,
                "version": version,
                "licenses": [{"license": {"id": "MIT"}}],
                "hashes": [{"alg": "SHA-256", "content": digest}],
            },
        },
        "components": [
            {
                "type": "library",
                "bom-ref": part.purl,
                "name": part.name,
                "version": part.version,
                "purl": part.purl,
                "licenses": [{"license": {"name": part.licence}}],
            }
            for part in parts
        ],
        "dependencies": [{"ref": main, "dependsOn": [part.purl for part in parts]}],
    }
    return json.dumps(document, indent=1) + "\n"
