"""What every test needs: hypothesis prints how to repeat a failure; in CI it draws the same examples."""

import os

from hypothesis import settings

settings.register_profile("default", deadline=None, print_blob=True, max_examples=60)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, max_examples=100)
settings.load_profile("ci" if os.environ.get("CI") else "default")
