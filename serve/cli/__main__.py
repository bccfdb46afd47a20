"""`python -m serve.cli` is `parley`."""

import sys

from serve.cli import main

sys.exit(main())
