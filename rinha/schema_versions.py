"""Parts of a schema's SQL by the version that added them.

A line `-- Version N.` begins what version N added. A new file is made from the whole text, and an
older one gets the parts it lacks, so both end with the same definitions.
"""

import re

BEGINS = re.compile(r"^-- Version ([0-9]+)[.]", re.MULTILINE)


def up_to(version: int, sql: str) -> str:
    """Returns the part of the schema that this version has. Version 0 has nothing."""
    if not version:
        return ""
    later = [found for found in BEGINS.finditer(sql) if int(found[1]) > version]
    return sql[: later[0].start()] if later else sql


def after(version: int, sql: str) -> str:
    """Returns what later versions added to this one."""
    return sql[len(up_to(version, sql)) :]
