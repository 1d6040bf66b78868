"""A listening socket that can be emptied: closing one resets whoever has connected and was not accepted yet.

On Linux only; elsewhere nothing is done, and a client may be reset in the moment of stopping.
"""

import contextlib
import ctypes
import socket
import struct
import sys

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
DROP_EVERYTHING = struct.pack("HBBI", 0x06, 0, 0, 0)  # one instruction: return 0 bytes of the packet
UNACKED_OFFSET = 24  # tcpi_unacked, which in a listening socket is the number of connections not yet accepted


def take_no_more(listener: socket.socket) -> None:
    """Connections to come are left unanswered, so their clients try again; those made are still accepted."""
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(DROP_EVERYTHING)
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))


def take_again(listener: socket.socket) -> None:
    """Undo what the process before us did to a socket that outlived it."""
    if sys.platform == "linux":
        with contextlib.suppress(FileNotFoundError):  # there was nothing to undo
            listener.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def waiting(listener: socket.socket) -> int:
    """How many connections are made and not accepted yet."""
    if sys.platform != "linux":
        return 0
    return int(
        struct.unpack_from("I", listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), UNACKED_OFFSET)[0]
    )
