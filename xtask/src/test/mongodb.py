"""Serves MongoDB's wire protocol in a folder until standard input ends, so that it never outlives whoever started it."""

import os
import signal
import sys
import threading

# Its log says where it listens, and standard output is what is read.
sys.stderr = sys.stdout


def end_with_input():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=end_with_input, daemon=True).start()

from secantus.cli import main  # noqa: E402

sys.exit(main(["--host", "127.0.0.1", "--port", "0", "--storage-path", sys.argv[1], "--cache-size", "64M"]))
