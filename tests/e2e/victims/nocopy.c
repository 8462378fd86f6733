/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nocopy PROGRAM...: run it where process_vm_readv() is not permitted, as in some containers. */
#include <unistd.h>

#include "filter.h"

int main(int argc, char **argv)
{
	static const int denied[] = {SYS_process_vm_readv};

	(void)argc;
	if (filter_put_on(denied, 1, FILTER_EPERM, FILTER_ALLOW))
		return 77;
	execv(argv[1], argv + 1);
	return 127;
}
