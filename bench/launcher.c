/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In place of Valgrind's launcher: linked statically, so that what LD_PRELOAD names is loaded into
 * the program alone. The usual one, run again for each child, would load libdumpalloc.so first,
 * which then takes the launcher for the program.
 *
 *	launcher VALGRIND-OPTIONS... PROGRAM ARGUMENTS...	(TOOL: path of Valgrind's callgrind)
 */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc < 2 || n < 0)
		return 2;
	self[n] = 0;
	setenv("VALGRIND_LAUNCHER", self, 1);
	execv(TOOL, argv);
	return 127;
}
