"""The embedded orchestrator: steps in this process, or in worker processes on this machine."""
