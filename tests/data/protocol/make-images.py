#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes images.json: small images as real encoders make them, and broken ones.

The result is kept in the tree, as another version of an encoder gives other
bytes. Needs Pillow with WebP:  ./make-images.py > images.json
"""

import base64
import io
import json
import struct
import zlib

from PIL import Image

good = []
bad = []


def picture(width, height, mode="RGB", shift=0):
    """Something with edges and gradients in it."""
    image = Image.new("RGBA", (width, height))
    image.putdata([
        ((x * 37 + shift) % 256, (y * 53) % 256, (x * y * 7) % 256,
         255 if (x + y) % 3 else 96)
        for y in range(height) for x in range(width)])
    return image.convert(mode)


def encode(image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    return out.getvalue()


def add(name, data, file_format, width, height, alpha=False, animated=False,
        trailing=0, strange=False):
    """trailing: bytes behind the image's end. strange: not for Pillow."""
    if not strange:
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (width, height), name
            assert image.format.lower() == file_format, name
    good.append({
        "name": name, "base64": base64.b64encode(data).decode(),
        "format": file_format, "width": width, "height": height,
        "alpha": alpha, "animated": animated, "trailing": trailing})


def add_bad(name, data, stage, words):
    """stage: "info" when not even the size can be told, "complete" when the
    size is known and the end is missing."""
    bad.append({
        "name": name, "base64": base64.b64encode(data).decode(),
        "error": "INVALID_FRAME", "stage": stage, "words": words})


# ---- WebP

def riff(chunks, length=None):
    body = b"WEBP" + chunks
    return b"RIFF" + struct.pack(
        "<I", len(body) if length is None else length) + body


def chunk(fourcc, payload, length=None):
    return fourcc + struct.pack(
        "<I", len(payload) if length is None else length) + payload \
        + b"\0" * (len(payload) & 1)


def chunks_of(webp):
    offset = 12
    found = []
    while offset < len(webp):
        size = struct.unpack("<I", webp[offset + 4:offset + 8])[0]
        found.append((webp[offset:offset + 4],
                      webp[offset + 8:offset + 8 + size]))
        offset += 8 + size + (size & 1)
    return found


def vp8x(flags, width, height):
    return chunk(b"VP8X", bytes([flags, 0, 0, 0])
                 + struct.pack("<I", width - 1)[:3]
                 + struct.pack("<I", height - 1)[:3])


lossy = encode(picture(16, 16), format="WEBP", quality=75)
lossless = encode(picture(17, 9), format="WEBP", lossless=True)
alpha = encode(picture(13, 21, "RGBA"), format="WEBP", quality=60)
add("WebP lossy", lossy, "webp", 16, 16)
add("WebP lossy 1x1", encode(picture(1, 1), format="WEBP"), "webp", 1, 1)
add("WebP lossy, odd size", encode(picture(33, 19), format="WEBP", quality=10),
    "webp", 33, 19)
add("WebP lossy, wider than 255", encode(
    Image.new("RGB", (300, 2), "red"), format="WEBP"), "webp", 300, 2)
add("WebP lossless", lossless, "webp", 17, 9)
add("WebP lossless 1x1", encode(picture(1, 1), format="WEBP", lossless=True),
    "webp", 1, 1)
add("WebP lossless, alpha", encode(
    picture(5, 7, "RGBA"), format="WEBP", lossless=True), "webp", 5, 7, True)
add("WebP lossy, alpha", alpha, "webp", 13, 21, True)
add("WebP with EXIF behind the picture", encode(
    picture(8, 8), format="WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
    "webp", 8, 8)
add("WebP with a colour profile before the picture", encode(
    picture(8, 8), format="WEBP", icc_profile=b"p" * 131), "webp", 8, 8)
animation = encode(
    picture(12, 10), format="WEBP", save_all=True, duration=40,
    append_images=[picture(12, 10, shift=90), picture(12, 10, shift=180)])
add("WebP, animated", animation, "webp", 12, 10, animated=True)
add("WebP, animated, alpha", encode(
    picture(6, 6, "RGBA"), format="WEBP", save_all=True, duration=40,
    append_images=[picture(6, 6, "RGBA", 90)]), "webp", 6, 6, True, True)
add("WebP with bytes behind its end", lossy + b"behind", "webp", 16, 16,
    trailing=6)
vp8 = chunks_of(lossy)[0][1]
add("WebP extended without need", riff(vp8x(0, 16, 16) + chunk(b"VP8 ", vp8)),
    "webp", 16, 16)
add("WebP, an unknown chunk before the picture", riff(
    vp8x(0, 16, 16) + chunk(b"XTRA", b"odd") + chunk(b"VP8 ", vp8)),
    "webp", 16, 16)
add("WebP, alpha chunk without the flag", riff(
    vp8x(0, 13, 21) + b"".join(
        chunk(*c) for c in chunks_of(alpha) if c[0] != b"VP8X")),
    "webp", 13, 21, True)
add("WebP, alpha in the picture without the flag", riff(
    vp8x(0, 5, 7) + chunk(b"VP8L", chunks_of(encode(
        picture(5, 7, "RGBA"), format="WEBP", lossless=True))[0][1])),
    "webp", 5, 7, True)
scaled = bytearray(lossy)
scaled[27] |= 0x40
scaled[29] |= 0x80
add("WebP with scaling hints", bytes(scaled), "webp", 16, 16)
large = b"\x2f" + struct.pack("<I", 16383 - 1 | (16383 - 1) << 14)
add("WebP lossless of 16383x16383 in 26 bytes", riff(chunk(b"VP8L", large)),
    "webp", 16383, 16383, strange=True)

for n in (11, 12, 15, 19, 20, 23, 25, 29):
    add_bad("WebP lossy, %d bytes" % n, lossy[:n], "info",
            "not an image" if n < 12 else "cut off")
add_bad("WebP lossy, headers only", lossy[:30], "complete", "cut off")
add_bad("WebP lossy, half", lossy[:len(lossy) // 2], "complete", "cut off")
add_bad("WebP lossy, last byte missing", lossy[:-1], "complete", "cut off")
add_bad("WebP lossless, 24 bytes", lossless[:24], "info", "cut off")
add_bad("WebP lossless, half", lossless[:len(lossless) // 2], "complete",
        "cut off")
add_bad("WebP animated, half", animation[:len(animation) // 2], "complete",
        "cut off")
add_bad("WebP alpha, before the picture", alpha[:40], "info", "cut off")
add_bad("WebP of no chunk", riff(b""), "info", "cut off")
add_bad("WebP of an unknown chunk", riff(chunk(b"JUNK", bytes(32))), "info",
        "VP8")
add_bad("WebP, picture of 0x16", lossy[:26] + b"\0\0" + lossy[28:], "info", "0")
add_bad("WebP, picture of 16x0", lossy[:28] + b"\0\0" + lossy[30:], "info", "0")
add_bad("WebP, picture of 0x16 with scaling hint",
        lossy[:26] + b"\0\x40" + lossy[28:], "info", "0")
add_bad("WebP, no key frame", lossy[:20] + bytes([lossy[20] | 1]) + lossy[21:],
        "info", "key frame")
add_bad("WebP, wrong start code", lossy[:23] + b"\x9d\x01\x2b" + lossy[26:],
        "info", "start code")
add_bad("WebP, VP8 chunk of 9 bytes", riff(chunk(b"VP8 ", vp8[:9])), "info",
        "too small")
add_bad("WebP, VP8L chunk of 4 bytes", riff(chunk(b"VP8L", large[:4])), "info",
        "too small")
add_bad("WebP, VP8X chunk of 9 bytes", riff(
    chunk(b"VP8X", bytes(9)) + chunk(b"VP8 ", vp8)), "info", "too small")
add_bad("WebP, VP8L of another signature", riff(
    chunk(b"VP8L", b"\x2e" + large[1:])), "info", "signature")
add_bad("WebP, VP8L of another version", riff(
    chunk(b"VP8L", large[:4] + bytes([large[4] | 0x20]))), "info", "version")
add_bad("WebP, small canvas around a large picture", riff(
    vp8x(0, 16, 16) + chunk(b"VP8L", large)), "info", "canvas")
add_bad("WebP, large canvas around a small picture", riff(
    vp8x(0, 16383, 16383) + chunk(b"VP8 ", vp8)), "info", "canvas")
add_bad("WebP, canvas of 2^48 pixels", riff(
    vp8x(2, 1 << 24, 1 << 24) + chunk(b"ANIM", bytes(6))), "info", "canvas")
add_bad("WebP, extended without a picture", riff(
    vp8x(0, 16, 16) + chunk(b"EXIF", bytes(8))), "info", "cut off")
add_bad("WebP, chunk of 2^32 - 1 bytes", riff(
    chunk(b"VP8 ", vp8, 0xffffffff)), "info", "RIFF length")
add_bad("WebP, chunk of 2^32 - 1 bytes before the picture", riff(
    vp8x(0, 16, 16) + chunk(b"XTRA", b"", 0xffffffff) + chunk(b"VP8 ", vp8)),
    "info", "cut off")
add_bad("WebP, RIFF length 0", riff(chunk(b"VP8 ", vp8), 0), "info",
        "RIFF length")
add_bad("WebP, RIFF length 2^32 - 1", riff(chunk(b"VP8 ", vp8), 0xffffffff),
        "complete", "cut off")
add_bad("WebP, last chunk past the end", riff(
    vp8x(0, 16, 16) + chunk(b"VP8 ", vp8) + chunk(b"EXIF", b"abcd", 64)),
    "complete", "past the end")
add_bad("RIFF, but a WAVE", b"RIFF\x24\0\0\0WAVEfmt " + bytes(24), "info",
        "not an image")

# ---- JPEG

jpeg = encode(picture(24, 18), format="JPEG", quality=75)
progressive = encode(picture(24, 18), format="JPEG", progressive=True)
add("JPEG baseline", jpeg, "jpeg", 24, 18)
add("JPEG 1x1", encode(picture(1, 1), format="JPEG"), "jpeg", 1, 1)
add("JPEG progressive", progressive, "jpeg", 24, 18)
add("JPEG grey", encode(picture(9, 31, "L"), format="JPEG"), "jpeg", 9, 31)
add("JPEG CMYK", encode(picture(8, 8).convert("CMYK"), format="JPEG"),
    "jpeg", 8, 8)
add("JPEG, wider than 255", encode(Image.new("RGB", (700, 3)), format="JPEG"),
    "jpeg", 700, 3)


def segment(marker, payload):
    return b"\xff" + bytes([marker]) + struct.pack(
        ">H", len(payload) + 2) + payload


# Flat grey: each block is the bits 001010 (DC difference 0, end of block) in
# the usual tables, and with a restart interval of 1 a byte of its own.
flat = encode(Image.new("L", (40, 8), 128), format="JPEG")
sos = flat.index(b"\xff\xda")
add("JPEG with restart markers",
    flat[:sos] + segment(0xdd, b"\0\1") + flat[sos:sos + 10]
    + b"\x2b\xff\xd0\x2b\xff\xd1\x2b\xff\xd2\x2b\xff\xd3\x2b\xff\xd9",
    "jpeg", 40, 8)
# A camera's EXIF holds a whole JPEG of its own.
thumbnail = encode(picture(4, 4), format="JPEG")
add("JPEG with a thumbnail in its EXIF",
    jpeg[:2] + segment(0xe1, b"Exif\0\0" + bytes(900) + thumbnail) + jpeg[2:],
    "jpeg", 24, 18)
add("JPEG with a comment that looks like an end",
    jpeg[:2] + segment(0xfe, b"\xff\xd9\xff\xda\xff\xc0") + jpeg[2:],
    "jpeg", 24, 18)
add("JPEG with fill bytes", jpeg[:2] + b"\xff\xff\xff" + jpeg[2:],
    "jpeg", 24, 18)
add("JPEG with a marker of no segment", jpeg[:2] + b"\xff\x01" + jpeg[2:],
    "jpeg", 24, 18, strange=True)
add("JPEG with bytes behind its end", jpeg + bytes(3), "jpeg", 24, 18,
    trailing=3)
sof = jpeg.index(b"\xff\xc0")
for marker in (0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd,
               0xce, 0xcf):
    add("JPEG of process SOF%d" % (marker - 0xc0),
        jpeg[:sof + 1] + bytes([marker]) + jpeg[sof + 2:], "jpeg", 24, 18)

add_bad("JPEG, 2 bytes", jpeg[:2], "info", "not an image")
add_bad("JPEG, 3 bytes", jpeg[:3], "info", "cut off")
add_bad("JPEG, before its frame header", jpeg[:sof], "info", "cut off")
add_bad("JPEG, within its frame header", jpeg[:sof + 8], "info", "cut off")
add_bad("JPEG, frame header only", jpeg[:sof + 10], "complete", "cut off")
add_bad("JPEG, half", jpeg[:len(jpeg) // 2], "complete", "cut off")
add_bad("JPEG, last two bytes missing", jpeg[:-2], "complete", "cut off")
add_bad("JPEG, last byte missing", jpeg[:-1], "complete", "cut off")
add_bad("JPEG progressive, within a later scan", progressive[:-20], "complete",
        "cut off")
add_bad("JPEG that ends within its EXIF thumbnail",
        jpeg[:2] + segment(0xe1, b"Exif\0\0" + thumbnail)[:-4], "info",
        "cut off")
add_bad("JPEG of markers only", b"\xff\xd8\xff\xd9", "info", "frame header")
add_bad("JPEG, scan before the frame header", jpeg[:2] + jpeg[sof + 19:],
        "info", "frame header")
add_bad("JPEG, second start", jpeg[:2] + jpeg, "info", "frame header")
add_bad("JPEG, no marker", jpeg[:2] + b"\xff\xe0\0\x04ab" + b"no marker",
        "info", "marker")
add_bad("JPEG, stuffed byte for a marker", b"\xff\xd8\xff\0" + jpeg[2:], "info",
        "frame header")
add_bad("JPEG of fill bytes", b"\xff\xd8" + b"\xff" * 64, "info", "cut off")
add_bad("JPEG, segment of length 0", b"\xff\xd8\xff\xe0\0\0" + jpeg[2:],
        "info", "length")
add_bad("JPEG, segment of length 1", b"\xff\xd8\xff\xe0\0\1" + jpeg[2:],
        "info", "length")
add_bad("JPEG, segment past the end", b"\xff\xd8\xff\xe1\xff\xff" + jpeg[2:],
        "info", "cut off")
add_bad("JPEG, frame header of 7 bytes", b"\xff\xd8" + segment(
    0xc0, b"\x08\0\x10\0\x10"), "info", "too short")
add_bad("JPEG, width 0", jpeg[:sof + 7] + b"\0\0" + jpeg[sof + 9:], "info", "0")
add_bad("JPEG, height 0", jpeg[:sof + 5] + b"\0\0" + jpeg[sof + 7:], "info",
        "0")
add_bad("JPEG without a scan", jpeg[:sof + 19] + b"\xff\xd9", "complete",
        "without a picture")

# ---- PNG


def png_chunk(kind, payload, length=None):
    return struct.pack(">I", len(payload) if length is None else length) \
        + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def ihdr(width, height, depth=8, colour=2, methods=b"\0\0\0"):
    return png_chunk(b"IHDR", struct.pack(
        ">IIBB", width, height, depth, colour) + methods)


def idat(row):
    return png_chunk(b"IDAT", zlib.compress(row))


end = png_chunk(b"IEND", b"")
rgb = encode(picture(15, 11), format="PNG")
add("PNG RGB", rgb, "png", 15, 11)
add("PNG 1x1", encode(picture(1, 1), format="PNG"), "png", 1, 1)
add("PNG RGBA", encode(picture(7, 5, "RGBA"), format="PNG"), "png", 7, 5, True)
add("PNG grey", encode(picture(7, 5, "L"), format="PNG"), "png", 7, 5)
add("PNG grey and alpha", encode(picture(7, 5, "LA"), format="PNG"),
    "png", 7, 5, True)
add("PNG of one bit", encode(picture(9, 3, "1"), format="PNG"), "png", 9, 3)
add("PNG of 16 bits", encode(
    Image.new("I;16", (4, 4), 4000), format="PNG"), "png", 4, 4)
palette = picture(10, 10).quantize(8)
add("PNG palette", encode(palette, format="PNG"), "png", 10, 10)
add("PNG palette with a transparent colour", encode(
    palette, format="PNG", transparency=2), "png", 10, 10, True)
add("PNG RGB with a transparent colour", encode(
    picture(6, 6), format="PNG", transparency=(0, 0, 0)), "png", 6, 6, True)
add("PNG, animated", encode(
    picture(6, 4), format="PNG", save_all=True,
    append_images=[picture(6, 4, shift=90)]), "png", 6, 4, animated=True)
add("PNG, interlaced", png(
    ihdr(1, 1, methods=b"\0\0\1"), idat(b"\0abc"), end), "png", 1, 1)
add("PNG, text before the picture", png(
    ihdr(1, 1), png_chunk(b"tEXt", b"Comment\0" + b"x" * 300),
    idat(b"\0abc"), end), "png", 1, 1)
add("PNG with bytes behind its end", rgb + b"behind", "png", 15, 11,
    trailing=6)
add("PNG, transparency behind the picture does not count", png(
    ihdr(1, 1), idat(b"\0abc"), png_chunk(b"tRNS", bytes(6)), end),
    "png", 1, 1)
add("PNG of 2^31 - 1 pixels", png(ihdr(2 ** 31 - 1, 1), idat(b"\0"), end),
    "png", 2 ** 31 - 1, 1, strange=True)

first = rgb.index(b"IDAT") - 4
for n in (7, 8, 15, 20, 28):
    add_bad("PNG, %d bytes" % n, rgb[:n], "info",
            "not an image" if n < 8 else "cut off")
add_bad("PNG, before the picture", rgb[:first], "info", "cut off")
add_bad("PNG, head of the picture only", rgb[:first + 8], "complete",
        "cut off")
add_bad("PNG, half of the picture", rgb[:(first + len(rgb)) // 2], "complete",
        "cut off")
add_bad("PNG, end chunk missing", rgb[:-12], "complete", "cut off")
add_bad("PNG, last byte missing", rgb[:-1], "complete", "cut off")
add_bad("PNG, first chunk is another", png(
    png_chunk(b"gAMA", bytes(4)), ihdr(1, 1), idat(b"\0abc"), end), "info",
    "IHDR")
add_bad("PNG, IHDR of 12 bytes", png(
    png_chunk(b"IHDR", bytes(12)), idat(b"\0abc"), end), "info", "IHDR")
add_bad("PNG, width 0", png(ihdr(0, 1), idat(b"\0abc"), end), "info", "0")
add_bad("PNG, height 0", png(ihdr(1, 0), idat(b"\0abc"), end), "info", "0")
add_bad("PNG, width 2^31", png(ihdr(2 ** 31, 1), idat(b"\0"), end), "info",
        "larger")
add_bad("PNG, height 2^32 - 1", png(ihdr(1, 2 ** 32 - 1), idat(b"\0"), end),
        "info", "larger")
add_bad("PNG, colour type 1", png(ihdr(1, 1, colour=1), idat(b"\0abc"), end),
        "info", "colour")
add_bad("PNG, RGB of 4 bits", png(ihdr(1, 1, depth=4), idat(b"\0abc"), end),
        "info", "colour")
add_bad("PNG, interlace method 2", png(
    ihdr(1, 1, methods=b"\0\0\2"), idat(b"\0abc"), end), "info", "method")
add_bad("PNG without a picture", png(ihdr(1, 1), end), "info",
        "without a picture")
add_bad("PNG, chunk of 2^31 bytes", png(
    ihdr(1, 1), png_chunk(b"tEXt", b"", 2 ** 31), idat(b"\0abc"), end), "info",
    "longer")
add_bad("PNG, chunk of 2^32 - 1 bytes", png(
    ihdr(1, 1), png_chunk(b"tEXt", b"", 2 ** 32 - 1), idat(b"\0abc"), end),
    "info", "longer")
add_bad("PNG, picture of 2^31 - 1 bytes", png(
    ihdr(1, 1), png_chunk(b"IDAT", b"\0abc", 2 ** 31 - 1), end), "complete",
    "cut off")
add_bad("PNG, line ends converted", rgb.replace(b"\r\n", b"\n"), "info",
        "not an image")

# ---- none of them

add_bad("nothing", b"", "info", "not an image")
add_bad("one byte", b"R", "info", "not an image")
add_bad("text", b"hello, this is no image at all", "info", "not an image")
add_bad("GIF", encode(picture(3, 3).quantize(8), format="GIF"), "info",
        "not an image")
add_bad("BMP", encode(picture(3, 3), format="BMP"), "info", "not an image")
add_bad("AVIF", b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B", "info",
        "not an image")
add_bad("zeros", bytes(64), "info", "not an image")
add_bad("ones", b"\xff" * 64, "info", "not an image")

about = ("Encoded images in base64 (docs/protocol.md, \"Images\"). Written by "
         "make-images.py. See README.md.")
lines = ["{", '  "about": ' + json.dumps(about) + ","]
for key, vectors in (("good", good), ("bad", bad)):
    lines.append('  "%s": [' % key)
    lines.append(",\n".join("    " + json.dumps(v) for v in vectors))
    lines.append("  ]," if key == "good" else "  ]")
lines.append("}")
print("\n".join(lines))
