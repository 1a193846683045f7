"""Write the expected digests of the shipped cases: ``python scripts/write_selftest.py``.

Run it after a change that is meant to change records or pages, look at what changed, and commit both together.
"""

import json
from pathlib import Path

from musk_id.cli.selftest import examples_root, produced_digests
from musk_id.cli.workplace import Casework

casework = Casework(examples_root())
tree = {
    "release_sha256": casework.release.manifest_sha256,
    "cases": {case_id: outcome.digests for case_id, outcome in produced_digests(casework).items()},
}
target = Path(__file__).parents[1] / "musk_id" / "selftest" / "expected.json"
target.write_text(json.dumps(tree, indent=1, sort_keys=True) + "\n", encoding="ascii")
print(target)
