"""Packs a program that is built already as the wheel that maturin would make of it.

    pack.py PROGRAM DIST_INFO OUT     DIST_INFO: a folder that `maturin pep517 write-dist-info` has written

The tag is the widest that the program may bear: on Linux the newest version of glibc that any of its symbols asks for,
or any glibc and musl where it is linked statically.
"""

import base64
import hashlib
import pathlib
import platform
import re
import sys
import zipfile

program, dist_info, out = map(pathlib.Path, sys.argv[1:])
binary = program.read_bytes()


def platform_tag():
    machine = platform.machine()
    if platform.system() != "Linux":
        sys.exit("the tests make wheels of Linux only")
    needed = [tuple(map(int, version.split(b"."))) for version in re.findall(rb"\0GLIBC_(2\.\d+)", binary)]
    if b"ld-linux" not in binary[:4096]:
        return f"manylinux_2_17_{machine}.manylinux2014_{machine}.musllinux_1_1_{machine}"
    major, minor = max(needed, default=(2, 17))
    return f"manylinux_{major}_{max(minor, 17)}_{machine}"


tag = f"py3-none-{platform_tag()}"
name = dist_info.name.removesuffix(".dist-info")
files = {str(path.relative_to(dist_info.parent)): path.read_bytes() for path in sorted(dist_info.rglob("*"))
         if path.is_file() and path.name not in ("RECORD", "WHEEL")}
tags = "".join(f"Tag: py3-none-{one}\n" for one in tag.removeprefix("py3-none-").split("."))
files[f"{name}.dist-info/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: pack.py\nRoot-Is-Purelib: false\n{tags}".encode()
files[f"{name}.data/scripts/magnet"] = binary

record = ""
with zipfile.ZipFile(out / f"{name}-{tag}.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as wheel:
    def add(path, content, mode):
        entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
        entry.external_attr = mode << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        wheel.writestr(entry, content)

    for path, content in files.items():
        add(path, content, 0o100755 if "/scripts/" in path else 0o100644)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    add(f"{name}.dist-info/RECORD", record + f"{name}.dist-info/RECORD,,\n", 0o100644)
