# SPDX-License-Identifier: GPL-2.0-or-later
# libmount.py - as much of util-linux's Python module as the suites use: proc_pid_mountinfo(5)


class Mount:
    def __init__(self, line):
        words = line.split()
        after = words.index("-")
        self.target = words[4].encode("latin-1").decode("unicode_escape")
        self.vfs_options = words[5]
        self.fs_options = words[after + 3] if len(words) > after + 3 else ""


class Table:
    def __init__(self, path):
        with open(path, encoding="latin-1") as file:
            self.mounts = [Mount(line) for line in file if " - " in line]

    def find_target(self, target):
        """The topmost mount there, or None."""
        return next((mount for mount in reversed(self.mounts) if mount.target == target), None)
