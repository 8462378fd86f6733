/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longest part of an automatic name that comes from the recording. */
#define NAME_PART 64

/* Read by da_output_unlink_pending() in signal handlers. */
static char *volatile pending;

static bool fail(struct da_err *err, const char *path)
{
	return da_err_set(err, "cannot write %s: %s", path, strerror(errno));
}

/* @path's directory and a name of ours: mkstemp()'s template, malloc'ed. */
static char *temp_template(const char *path)
{
	static const char name[] = ".dumpalloc.XXXXXX";
	const char *slash = strrchr(path, '/');
	size_t dir = slash ? (size_t)(slash - path) + 1 : 0;
	char *temp = malloc(dir + sizeof name);

	if (temp) {
		memcpy(temp, path, dir);
		memcpy(temp + dir, name, sizeof name);
	}
	return temp;
}

static bool open_temp(struct da_output *o, struct da_err *err)
{
	int fd;

	o->temp = temp_template(o->path);
	if (!o->temp)
		return fail(err, o->path);
	fd = mkstemp(o->temp);
	if (fd >= 0) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		pending = o->temp;
		o->file = fdopen(fd, "w");
	}
	if (o->file)
		return true;
	fail(err, o->path);
	if (fd >= 0) {
		close(fd);
		da_output_abandon(o);
	}
	free(o->temp);
	o->temp = NULL;
	return false;
}

/*
 * An existing pipe or character device. O_NOFOLLOW and no O_CREAT: it is what lstat() saw.
 * O_NONBLOCK: a pipe that nobody reads is an error at once.
 */
static bool open_special(struct da_output *o, struct da_err *err)
{
	int fd = open(o->path, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno == ENXIO)
		return da_err_set(err, "cannot write %s: nobody reads from this pipe", o->path);
	if (fd >= 0 && fcntl(fd, F_SETFL, 0) == 0)
		o->file = fdopen(fd, "w");
	return o->file || fail(err, o->path);
}

bool da_output_open(struct da_output *o, const char *path, struct da_err *err)
{
	struct stat st;

	*o = (struct da_output){ .path = path };
	if (strcmp(path, "-") == 0) {
		o->file = stdout;
		return true;
	}
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? open_temp(o, err) : fail(err, path);
	if (S_ISLNK(st.st_mode))
		return da_err_set(err,
				  "cannot write %s: it is a symbolic link (\"-\" is standard "
				  "output)",
				  path);
	if (S_ISDIR(st.st_mode))
		return da_err_set(err, "cannot write %s: it is a directory", path);
	if (S_ISBLK(st.st_mode))
		return da_err_set(err, "cannot write %s: it is a disk", path);
	return S_ISREG(st.st_mode) ? open_temp(o, err) : open_special(o, err);
}

/* Whether everything written has reached the kernel. */
static bool finish(struct da_output *o)
{
	bool good = fflush(o->file) == 0 && !ferror(o->file);
	int why = good ? 0 : errno;

	if (o->file != stdout && fclose(o->file) != 0 && good) {
		good = false;
		why = errno;
	}
	o->file = NULL;
	errno = why ? why : EIO;
	return good;
}

bool da_output_close(struct da_output *o, struct da_err *err)
{
	const char *name = strcmp(o->path, "-") == 0 ? "standard output" : o->path;
	bool good = finish(o);

	if (good && o->temp)
		good = rename(o->temp, o->path) == 0;
	if (!good)
		fail(err, name);
	else
		pending = NULL;
	da_output_abandon(o);
	return good;
}

void da_output_abandon(struct da_output *o)
{
	if (o->file && o->file != stdout)
		fclose(o->file);
	o->file = NULL;
	da_output_unlink_pending();
	pending = NULL;
	free(o->temp);
	o->temp = NULL;
}

void da_output_unlink_pending(void)
{
	if (pending)
		unlink(pending);
}

static bool is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

void da_output_auto_name(char out[DA_OUTPUT_NAME], const char *program, size_t program_len,
			 uint32_t pid, const char *suffix)
{
	char safe[NAME_PART + 1];
	size_t n = 0;

	for (size_t i = program_len; i > 0; i--) {
		if (program[i - 1] == '/') {
			program += i;
			program_len -= i;
			break;
		}
	}
	for (size_t i = 0; i < program_len && n < NAME_PART; i++) {
		char c = is_name_byte(program[i]) ? program[i] : '_';

		if (n > 0 || (c != '.' && c != '-'))
			safe[n++] = c;
	}
	safe[n] = '\0';
	snprintf(out, DA_OUTPUT_NAME, "%s.%u.%s", n ? safe : "program", (unsigned)pid, suffix);
}
