"""A paced, scripted, OpenAI-compatible endpoint on loopback, for tests, benches and demos.

``PacedServer`` runs in the caller's event loop, ``running_paced_server`` in a thread of its own, and
``spawned_paced_server`` in a process of its own, so that it does not share the interpreter lock with what it measures.
"""

from tests.paced.faults import Fault, FaultName
from tests.paced.records import RequestRecord, SocketRecord, until, wait_until, whole_input
from tests.paced.running import SpawnedServer, running_paced_server, spawned_paced_server
from tests.paced.script import code_answer, split_tokens
from tests.paced.server import PacedServer
from tests.paced.unreachable import own_certificate, refusing_url, speaking_garbage

__all__ = [
    "Fault",
    "FaultName",
    "PacedServer",
    "RequestRecord",
    "SocketRecord",
    "SpawnedServer",
    "code_answer",
    "own_certificate",
    "refusing_url",
    "running_paced_server",
    "spawned_paced_server",
    "speaking_garbage",
    "split_tokens",
    "until",
    "wait_until",
    "whole_input",
]
