"""What the tests of the memory benchmark share: where things are, and that a picture is one."""

import pathlib
import struct
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent), sys.argv[2]]

from tap import Skip, expect

PNG = b"\x89PNG\r\n\x1a\n"
BYTES_OF_A_PIXEL = {0: 1, 2: 3, 6: 4}  # by the colour type, with 8 bits a channel
LEAST_PIXELS = (300, 300)


def check_png(data):
    """Each chunk is whole, and there are as many pixels as the head says."""
    expect(data[:8], PNG)
    at, pixels, head, last = 8, b"", None, b""
    while at < len(data):
        length, last = struct.unpack(">I", data[at:at + 4])[0], data[at + 4:at + 8]
        body, sum_of = data[at + 8:at + 8 + length], data[at + 8 + length:at + 12 + length]
        expect(zlib.crc32(last + body), struct.unpack(">I", sum_of)[0], "checksum of a chunk")
        head = struct.unpack(">IIBB", body[:10]) if last == b"IHDR" else head
        pixels += body if last == b"IDAT" else b""
        at += 12 + length
    expect(last, b"IEND")
    width, height, depth, colours = head
    assert width > LEAST_PIXELS[0] and height > LEAST_PIXELS[1], (width, height)
    expect(depth, 8)
    expect(len(zlib.decompress(pixels)), height * (1 + width * BYTES_OF_A_PIXEL[colours]))


def pictures_module():
    try:
        import pictures
    except ImportError as reason:
        raise Skip(reason) from reason
    return pictures
