# SPDX-License-Identifier: GPL-3.0-or-later
"""A target that is a whole MIPS system with its own kernel: see tests/device/run.sh."""
import os
import shlex
import shutil
import socket
import subprocess
import time

import lib

BOOT = 300  # seconds for boot, run and power off; it takes about ten

# Runs in the guest as root, with the files of the test in /host/files. They are moved to the path they
# have here, and what the command left there comes back through the console.
GUEST = """
mkdir -p {work}
cp -a /host/files/. {work}/
cd {work}
touch .before
chmod 1777 /tmp
mount -t tmpfs shm /dev/shm 2>/dev/null
env {env} {command} <.stdin >.stdout 2>.stderr
echo $? >.status
find . -type f -newer .before ! -name .before >.list
echo .status >>.list
tar -czf /tmp/back.tgz -T .list
nc -N 10.0.2.2 {port} </tmp/back.tgz
"""


def read_all(connection):
    with connection, connection.makefile("rb") as stream:
        return stream.read()


class Device(lib.Target):
    def __init__(self, test):
        super().__init__(test, "mipsel")
        self.rig = os.environ.get("DUMPALLOC_RIG", "")
        self.qemu = []  # it can exec: record works
        for attribute in ("shim", "tool"):
            source = getattr(self, attribute)
            if os.path.exists(source):
                setattr(self, attribute, shutil.copy(source, test.work))

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

    def run_rig(self, share, back):
        """Boot with @share; what came back through the listening socket @back."""
        with subprocess.Popen([os.path.join(self.rig, "run-rig.sh"), "-t", str(BOOT), share],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="replace") as rig:
            archive = b""
            back.settimeout(1)
            while not archive and rig.poll() is None:
                try:
                    archive = read_all(back.accept()[0])
                except TimeoutError:
                    continue
            out, err = rig.communicate()
        return subprocess.CompletedProcess(rig.args, rig.returncode, out, err), archive

    def boot(self, argv, env, stdin=b"", **_):
        """Run one command on a freshly booted system."""
        with socket.create_server(("127.0.0.1", 0)) as back:
            return self.boot_with(back, argv, env, stdin)

    def boot_with(self, back, argv, env, stdin):
        share = self.test.work + ".share"
        shutil.rmtree(share, ignore_errors=True)
        shutil.copytree(self.test.work, share + "/files", symlinks=True)
        with open(share + "/files/.stdin", "wb") as f:
            f.write(stdin)
        with open(share + "/run-me.sh", "w") as f:
            f.write(GUEST.format(work=shlex.quote(self.test.work), command=shlex.join(argv),
                                 env=shlex.join("%s=%s" % kv for kv in env.items()),
                                 port=back.getsockname()[1]))
        start = time.monotonic()
        done, archive = self.run_rig(share, back)
        shutil.rmtree(share)
        if not archive:
            self.test.die("the device did not finish (status %d):\n%s%s"
                          % (done.returncode, done.stdout[-4000:], done.stderr[-2000:]))
        subprocess.run(["tar", "-xz", "-C", self.test.work], check=True, input=archive)
        status, out, err = (self.take(name) for name in (".status", ".stdout", ".stderr"))
        return lib.Run(argv, int(status), out, err, time.monotonic() - start)

    def take(self, name):
        path = os.path.join(self.test.work, name)
        with open(path, "rb") as f:
            data = f.read()
        os.unlink(path)
        return data
