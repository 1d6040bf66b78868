"""Hypothesis prints how to repeat a failure. CI draws the same examples each time, and `soak` draws many."""

import os

from hypothesis import settings

settings.register_profile("default", deadline=None, print_blob=True, max_examples=60)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, max_examples=100)
settings.register_profile("soak", settings.get_profile("default"), max_examples=3_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))
