"""Simulated MetaTrader servers of one invented broker, for tests, demonstrations and development."""

from metatrader.simulator.broker import Broker, Manager, Right
from metatrader.simulator.certificates import Certificate
from metatrader.simulator.faults import Fault, FaultKind, Faults
from metatrader.simulator.https import HttpsSimulator
from metatrader.simulator.invented import invent
from metatrader.simulator.journal import Journal
from metatrader.simulator.mt4 import Mt4Simulator
from metatrader.simulator.tcp import TcpSimulator

__all__ = [
    "Broker",
    "Certificate",
    "Fault",
    "FaultKind",
    "Faults",
    "HttpsSimulator",
    "Journal",
    "Manager",
    "Mt4Simulator",
    "Right",
    "TcpSimulator",
    "invent",
]
