/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

void *take(size_t n);

int main(void)
{
	for (size_t i = 1; i <= 10; i++)
		free(take(i));
	return malloc(1) ? 0 : 1;
}
