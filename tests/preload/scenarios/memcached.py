#!/usr/bin/python3
"""memcached with four threads under a client with eight; every value is read back and compared.

program: memcached
heap: 40 200
"""

import pathlib
import socket
import subprocess
import sys
import threading
import time

FULL = sys.argv[1] == "full"
MEGABYTES = 256 if FULL else 64
KEYS = 12_000 if FULL else 2_500
CLIENTS = 8
PATH = "memcached.sock"


class Client:
    def __init__(self):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(PATH)
        self._stream = self._socket.makefile("rwb")

    def set(self, key, value):
        self._stream.write(b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value))
        self._stream.flush()
        return self._stream.readline() == b"STORED\r\n"

    def get(self, key):
        self._stream.write(b"get %s\r\n" % key)
        self._stream.flush()
        header = self._stream.readline().split()
        if header[0] == b"END":
            return None
        value = self._stream.read(int(header[3]) + 2)[:-2]
        self._stream.readline()
        return value


def value_of(number, key):
    return b"%d.%d." % (number, key) * (key * 37 % 600)


def work(number, results):
    client = Client()
    stored = sum(client.set(b"key-%d-%d" % (number, key), value_of(number, key))
                 for key in range(KEYS))
    right = sum(client.get(b"key-%d-%d" % (number, key)) in (value_of(number, key), None)
                for key in range(KEYS))
    results[number] = (stored, right)


def wait_for_socket():
    deadline = time.monotonic() + 30
    while not pathlib.Path(PATH).exists() and time.monotonic() < deadline:
        time.sleep(0.05)


server = subprocess.Popen(["memcached", "-u", "root", "-s", PATH, "-t", "4", "-m", str(MEGABYTES)])
try:
    wait_for_socket()
    results = {}
    clients = [threading.Thread(target=work, args=(n, results)) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    print(sorted(results.items()))
finally:
    server.terminate()
    print("memcached ended with", server.wait(30))
