"""``python -m musk_id``."""

import sys

from musk_id.cli import main

sys.exit(main())
