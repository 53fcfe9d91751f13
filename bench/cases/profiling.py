"""Profiles what a script would time; `--profile` asks for it."""

from collections.abc import Callable


def profile(function: Callable[[], object]) -> None:
    """Runs a function under cProfile, and writes what it found to `profile.out`."""
    from cProfile import Profile  # an import that the timed processes are spared

    profiler = Profile()
    profiler.runcall(function)
    profiler.dump_stats("profile.out")
