# SPDX-License-Identifier: GPL-3.0-or-later
"""A target that is a whole MIPS system with its own kernel: see tests/device/run.sh."""
import atexit
import os
import shlex
import shutil
import socket
import subprocess
import time

import lib

LIMIT = 900  # seconds for all runs of a test; a boot takes about five
# The machine boots only with a power of two. What the kernel leaves of it (48 MB) is more than a small
# device has: the rest is taken up.
MACHINE = "-cpu 24Kf -m 64"
MEMORY_KB = 40960

# Runs in the guest as root. A file here has the same path there, on the disk. One connection takes
# what a run left to us and brings what the next one needs; an empty one ends it.
GUEST = """
chmod 1777 /tmp
mount -t tmpfs shm /dev/shm 2>/dev/null
total=$(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)
dd if=/dev/zero of=/run/taken bs=1k count=$((total - {memory})) 2>/dev/null
mkdir -p /var/files {work}
mount --bind /var/files {work}
cd {work}
: >/var/back
while nc -N 10.0.2.2 {port} </var/back >/var/job && [ -s /var/job ]; do
	tar -xf /var/job
	sh ./.job
done
"""

JOB = """
rm -f {gone}
touch .before
env {env} {command} <.stdin >.stdout 2>.stderr
echo $? >.status
find . -type f -newer .before ! -name .before ! -name .std\\* ! -name .status >.list
printf '%s\\n' .status .stdout .stderr >>.list
tar -cf /var/back -T .list
"""


def read_all(connection):
    chunks = []
    while chunks[-1:] != [b""]:
        chunks.append(connection.recv(1 << 16))
    return b"".join(chunks)


class Device(lib.Target):
    def __init__(self, test):
        super().__init__(test, "mipsel")
        self.rig = os.environ.get("DUMPALLOC_RIG", "")
        self.qemu, self.slow = [], True  # it can exec: record works
        self.process = self.server = self.connection = None
        self.there = {}  # files that the machine has: path, stamp
        for attribute in ("shim", "tool"):
            source = getattr(self, attribute)
            if os.path.exists(source):
                setattr(self, attribute, shutil.copy(source, test.work))
        atexit.register(self.power_off)

    def missing(self):
        if not os.path.exists(os.path.join(self.rig, "root.ext4")):
            return "there is no system in DUMPALLOC_RIG=%s" % self.rig
        return super().missing()

    def plain(self, *argv, env=None, **kw):
        return self.boot(argv, env or {}, **kw)

    def direct(self, output, *argv, env=None, **kw):
        env = dict(env or {})
        env.update(output if isinstance(output, dict) else {"DUMPALLOC_FILE": output})
        env["LD_PRELOAD"] = self.shim
        return self.boot(argv, env, **kw)

    def record(self, output, *argv, options=(), env=None, **kw):
        return self.boot([self.tool, "record", "-q", "-o", output, *options, "--", *argv],
                         env or {}, **kw)

    def power_on(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        share = self.test.work + ".share"
        os.makedirs(share, exist_ok=True)
        with open(share + "/run-me.sh", "w") as f:
            f.write(GUEST.format(work=shlex.quote(self.test.work), memory=MEMORY_KB,
                                 port=self.server.getsockname()[1]))
        self.process = subprocess.Popen([os.path.join(self.rig, "run-rig.sh"), "-t", str(LIMIT),
                                         "-q", MACHINE, share], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace")
        self.collect()

    def collect(self):
        """What the last run left; the machine then waits for the next one."""
        self.server.settimeout(1)
        while True:
            try:
                self.connection = self.server.accept()[0]
                break
            except TimeoutError:
                if self.process.poll() is not None:
                    self.connection = None
                    self.test.die("the device ended:\n" + self.power_off())
        self.connection.settimeout(LIMIT)
        return read_all(self.connection)

    def power_off(self):
        """What the machine printed last."""
        if not self.process:
            return ""
        if self.connection:
            self.connection.close()
        self.server.close()
        printed = self.process.communicate()[0]
        shutil.rmtree(self.test.work + ".share")
        self.process = None
        return printed[-4000:]

    def files(self):
        """Path and stamp of each file of the test, and its folders."""
        found = {}
        for folder, _, names in os.walk(self.test.work):
            found[os.path.relpath(folder, self.test.work)] = None
            for path in (os.path.join(folder, name) for name in names):
                s = os.lstat(path)
                found[os.path.relpath(path, self.test.work)] = (s.st_ino, s.st_size, s.st_mtime_ns)
        return found

    def send(self, argv, env):
        with open(self.test.path(".job"), "w") as f:
            f.write(JOB.format(command=shlex.join(argv), env=shlex.join("%s=%s" % kv for kv in env.items()),
                               gone=shlex.join(sorted(set(self.there) - set(self.files()) - {".job"}))))
        now = self.files()
        new = sorted(path for path, stamp in now.items() if self.there.get(path, 0) != stamp)
        tar = subprocess.run(["tar", "-c", "--no-recursion", "-C", self.test.work, "-T", "-"],
                             input="\n".join(new).encode(), stdout=subprocess.PIPE, check=True)
        with self.connection:
            self.connection.sendall(tar.stdout)

    def boot(self, argv, env, stdin=b"", **_):
        """Run one command on the machine, which goes on when it is there."""
        if not self.process:
            self.power_on()
        with open(self.test.path(".stdin"), "wb") as f:
            f.write(stdin)
        start = time.monotonic()
        self.send(argv, env)
        archive = self.collect()
        seconds = time.monotonic() - start
        subprocess.run(["tar", "-x", "-C", self.test.work], check=True, input=archive)
        status, out, err = (self.take(name) for name in (".status", ".stdout", ".stderr"))
        self.there = self.files()
        return lib.Run(argv, int(status), out, err, seconds)

    def take(self, name):
        path = os.path.join(self.test.work, name)
        with open(path, "rb") as f:
            data = f.read()
        os.unlink(path)
        return data
