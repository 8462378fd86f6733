/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T18: a program without a loader. */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	char *volatile p = malloc(100);

	printf("static: %d\n", p != NULL);
	fprintf(stderr, "its own words\n");
	free(p);
	return 22;
}
