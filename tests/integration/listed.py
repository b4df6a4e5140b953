# SPDX-License-Identifier: LGPL-2.1-or-later
"""That each test of this folder is in the list of meson.build, which is what
is run: a test that is forgotten there would never fail."""

import pathlib
import sys
import unittest


def tests_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test.id()


def main(listed):
    folder = pathlib.Path(__file__).parent
    found = set(tests_of(unittest.defaultTestLoader.discover(
        str(folder), pattern='*.py')))
    for name in sorted(found - set(listed)):
        print(f'not in meson.build: {name}')
    for name in sorted(set(listed) - found):
        print(f'only in meson.build: {name}')
    print(f'{len(found)} tests')
    return 0 if found and found == set(listed) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
