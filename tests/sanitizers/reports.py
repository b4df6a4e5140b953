#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lists what ThreadSanitizer reported, each finding once.

    reports.py FOLDER

FOLDER holds what log_path=FOLDER/tsan:log_exe_name=1 has left there. A finding
is named by the place of ours that each of its stacks went through last. The exit
code is 1 where there is any.
"""

import collections
import pathlib
import re
import sys

HEADER = re.compile(r'WARNING: ThreadSanitizer: (.+?) \(pid=\d+\)')
FATAL = re.compile(r'(?:ERROR|FATAL): ThreadSanitizer:? (.+)')
FRAME = re.compile(
    r'\s+#\d+ (?P<function>.+?) (?P<place>\S+) \((?P<module>[^+()]+)\+0x')
# The stacks that say where a thread or a piece of memory came from.
ORIGIN = re.compile(r'  (Thread|Mutex|Location|As if|Hint|And|  and)')


def is_ours(frame):
    """Our libraries are libgsttryon*; what is no library is a test."""
    module = frame['module']
    return module.startswith('libgsttryon') or not module.startswith('lib')


def stacks_of(lines):
    """Yields the heading and the frames of each stack in a report."""
    heading, frames = None, []
    for line in lines:
        frame = FRAME.match(line)
        if frame:
            frames.append(frame.groupdict())
        else:
            if frames:
                yield heading, frames
                frames = []
            if line.strip():
                heading = line
    if frames:
        yield heading, frames


def describe(frame):
    place = re.sub(r'^(\.\./)+', '', frame['place'])
    if place == '<null>':
        place = frame['module']
    return f'{frame["function"]} ({place})'


def key_of(kind, lines):
    """What makes two reports the same: kind, and where each stack was."""
    places = []
    for heading, frames in stacks_of(lines):
        if heading is None or ORIGIN.match(heading):
            continue
        ours = [frame for frame in frames if is_ours(frame)]
        words = describe(frames[0])
        if ours and ours[0] is not frames[0]:
            words += ' from ' + describe(ours[0])
        what = heading.strip().split(' of size')[0].split(' at 0x')[0]
        what = re.sub(r' by (main )?thread.*| \(.*|:$', '', what)
        places.append(f'{what}: {words}')
    return kind, tuple(sorted(set(places)))


def reports_in(path):
    """Yields (kind, lines) of each report in a file."""
    kind, lines = None, []
    for line in path.read_text(errors='replace').splitlines():
        header = HEADER.search(line) or FATAL.search(line)
        if header:
            if kind:
                yield kind, lines
            kind, lines = header.group(1), []
        elif line.startswith('SUMMARY:') or line.startswith('====='):
            if kind:
                yield kind, lines
            kind, lines = None, []
        else:
            lines.append(line)
    if kind:
        yield kind, lines


def main():
    folder = pathlib.Path(sys.argv[1])
    found = collections.defaultdict(lambda: [0, set(), None])
    for path in sorted(folder.glob('tsan.*')):
        for kind, lines in reports_in(path):
            entry = found[key_of(kind, lines)]
            entry[0] += 1
            entry[1].add(path.name.split('.')[1])
            entry[2] = entry[2] or path
    if not found:
        print('== no reports')
        return 0
    print(f'== {len(found)} different reports:')
    ordered = sorted(found.items(), key=lambda item: -item[1][0])
    for number, ((kind, places), (count, tests, path)) in enumerate(ordered, 1):
        print(f'{number}. {kind}, {count} times in {", ".join(sorted(tests))}')
        for place in places:
            print(f'   {place}')
        print(f'   {path}')
    return 1


if __name__ == '__main__':
    sys.exit(main())
