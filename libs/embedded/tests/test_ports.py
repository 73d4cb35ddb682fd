"""Ports: one process's port is not given to another, even before it listens."""

import subprocess
import sys

import pytest

from embedded.ports import free_port


def _asked_elsewhere(port: int) -> int:
    asking = f"from embedded.ports import free_port; print(free_port({port}))"
    return int(subprocess.run([sys.executable, "-c", asking], capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="ports are claimed on Linux only, where the tests run side by side")
def test_a_port_given_out_is_not_given_to_another_process() -> None:
    port = free_port()
    assert _asked_elsewhere(port) != port


def test_a_process_may_claim_its_port_again() -> None:
    port = free_port()
    assert free_port(port) == port


def test_a_port_whose_holder_ended_is_free_again() -> None:
    port = _asked_elsewhere(free_port())
    assert free_port(port) == port
