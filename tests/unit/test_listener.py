"""A listener is emptied before it is closed."""

import socket
import sys

import pytest

from tocsin.listener import take_again, take_no_more, waiting

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


def test_who_had_connected_is_accepted_and_nobody_after_until_it_is_undone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        early = [socket.create_connection(address) for _ in range(3)]
        assert waiting(listener) == 3

        take_no_more(listener)
        with pytest.raises(TimeoutError):
            socket.create_connection(address, timeout=0.05)
        assert waiting(listener) == 3
        accepted = [listener.accept()[0] for _ in early]
        assert waiting(listener) == 0
        early[0].sendall(b"hello")
        assert b"hello" in [end.recv(5) for end in accepted if end.getpeername() == early[0].getsockname()]

        take_again(listener)
        take_again(listener)
        early.append(socket.create_connection(address, timeout=5))
        assert waiting(listener) == 1
    for end in (*early, *accepted):
        end.close()
