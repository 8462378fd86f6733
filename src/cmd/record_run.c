/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/record_run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/proc.h"

#define ATTACH_NS UINT64_C(2000000000)
/* Whether processes that are not our children live is looked at this often. */
#define LIFE_NS UINT64_C(100000000)
/* Orphans looked at when the program has ended. */
#define MAX_ORPHANS 256

/* How an exec failed, to the user and as an exit status. */
static int report_exec(const struct da_record_session *s, int e)
{
	const char *interp = s->check.elf.interp;

	if (e == ENOENT && *interp)
		da_message_error("cannot run %s: its loader %s is not there", s->check.path,
				 interp);
	else
		da_message_error("cannot run %s: %s", s->check.path, strerror(e));
	return e == ENOENT ? DA_RECORD_NOT_FOUND : DA_RECORD_CANNOT_EXECUTE;
}

static void no_orphans(void *ctx, pid_t pid, int status)
{
	(void)ctx, (void)pid, (void)status;
}

int da_record_run_plain(struct da_record_session *s)
{
	struct da_target_plan plan = { .path = s->check.path,
				       .argv = s->exec_argv,
				       .may_be_script = !s->check.elf.is_elf,
				       .stdout_fd = -1 };
	struct da_target target;
	struct da_err err;
	int e;

	da_wait_init(&s->wait);
	if (!da_target_prepare(&plan, &s->wait.mask, &target, &err)) {
		da_message_error("%s", err.text);
		return DA_RECORD_FAILED;
	}
	da_wait_start(&s->wait, target.pid, NULL);
	e = da_target_go(&target);
	if (e)
		return report_exec(s, e);
	while (!s->wait.ended) {
		da_wait_sleep(&s->wait);
		da_wait_poll(&s->wait, no_orphans, NULL);
	}
	return da_wait_exit_status(s->wait.status);
}

/* ---- recorded */

static struct da_drain_end end_of_status(int status)
{
	if (WIFSIGNALED(status))
		return (struct da_drain_end){ DA_END_SIGNAL, (uint64_t)WTERMSIG(status), true };
	return (struct da_drain_end){ DA_END_EXIT, (uint64_t)WEXITSTATUS(status), true };
}

/* A recorded process that came to us as its subreaper has ended. */
static void end_orphan(void *ctx, pid_t pid, int status)
{
	struct da_record_session *s = ctx;
	struct da_stream *stream = da_drain_find(&s->drain, (uint32_t)pid);

	if (stream)
		da_drain_end_process(&s->drain, stream->process, end_of_status(status));
}

static bool is_gone(const struct da_stream *stream)
{
	struct da_proc_stat st;

	if (!da_proc_stat(stream->pid, &st))
		return !da_proc_is_alive(stream->pid);
	return st.state == 'Z' || (stream->start_ticks && st.start_ticks != stream->start_ticks);
}

/* Whether a living process still has the pool: not after it has executed another program. */
static bool has_pool(const struct da_record_session *s, uint32_t pid)
{
	struct stat st;

	return !fstat(s->shared.fd, &st) && da_proc_maps_inode(pid, st.st_ino);
}

/*
 * End the streams of children that others have reaped, or will, and, once we only stay for them, of
 * those that have become other programs.
 */
static void end_gone_children(struct da_record_session *s)
{
	struct da_drain *d = &s->drain;
	int status;

	for (uint32_t i = 1; i < d->n_streams; i++) {
		struct da_stream *stream = d->streams[i];
		struct da_drain_end end = { .kind = DA_END_UNKNOWN, .gone = true };

		if (!stream || stream->ended)
			continue;
		if (!is_gone(stream)) {
			if (!s->has_exited_first || has_pool(s, stream->pid))
				continue;
			end.kind = DA_END_EXEC;
		} else if (waitpid((pid_t)stream->pid, &status, WNOHANG) == (pid_t)stream->pid)
			end = end_of_status(status);
		da_drain_end_process(d, i, end);
	}
}

/* Whether an orphan that came to us may still record: it has the pool mapped. */
static bool has_silent_orphan(const struct da_record_session *s)
{
	uint32_t pids[MAX_ORPHANS];
	int n = da_proc_children(pids, MAX_ORPHANS);

	if (n < 0)
		return waitpid(-1, NULL, WNOHANG) == 0;
	for (int i = 0; i < n; i++) {
		if (has_pool(s, pids[i]))
			return true;
	}
	return false;
}

/* Whether a recorded process is left, also one that has not yet written anything. */
static bool anyone_left(const struct da_record_session *s)
{
	const struct da_drain *d = &s->drain;
	uint32_t n = __atomic_load_n(&d->pool->processes, __ATOMIC_ACQUIRE);

	if (n > DA_POOL_MAX_PROCESSES)
		n = DA_POOL_MAX_PROCESSES;
	for (uint32_t i = 0; i < n || i < d->n_streams; i++) {
		const struct da_stream *stream = d->streams[i];
		uint32_t pid = d->pool->process_pid[i];

		if (stream ? !stream->ended : i && pid && has_pool(s, pid))
			return true;
	}
	return has_silent_orphan(s);
}

/* Say each output's failure once. */
static void report_outputs(struct da_record_session *s)
{
	for (uint32_t i = 0; i < s->drain.n_streams; i++) {
		struct da_stream *stream = s->drain.streams[i];

		if (!stream || !stream->writer.has_error)
			continue;
		stream->writer.has_error = false;
		if (da_writer_is_dead(&stream->writer))
			da_message_error("%s; the recording ends there, the program goes on",
					 stream->writer.error.text);
		else
			da_message_error("%s; the recording goes on to the other output",
					 stream->writer.error.text);
	}
}

static const char *attach_problem(uint32_t attached)
{
	switch (attached) {
	case DA_ATTACH_NO_ALLOCATOR: return "the program has no malloc that could be found";
	case DA_ATTACH_MISMATCH: return "libdumpalloc.so is of another version or word size";
	case DA_ATTACH_NO_MEMORY: return "there was not enough memory in the program";
	default:
		return "the program has not loaded libdumpalloc.so (did its loader print why? Is "
		       "it "
		       "another C library's, or does a wrapper clear LD_PRELOAD?)";
	}
}

/*
 * A shell script's last word is often an exec. The drain knows that by an image that changes; here,
 * once it has seen one, whether that was still the image that attached.
 */
static void check_image(struct da_record_session *s, bool *checked)
{
	struct da_stream *first = s->drain.streams[0];

	if (*checked || !first->stack_start || is_gone(first))
		return;
	*checked = true;
	/* a process that ends meanwhile has no pool either */
	if (!has_pool(s, first->pid) && !is_gone(first))
		first->replaced = true;
}

/* Within 2 s of the start, or at its end: is there a recording at all? */
static void check_attached(struct da_record_session *s, bool *checked)
{
	uint32_t attached = __atomic_load_n(&s->shared.pool->attached, __ATOMIC_ACQUIRE);

	if (*checked || (!attached && !s->wait.ended && s->drain.now_ns < ATTACH_NS))
		return;
	*checked = true;
	da_shim_file_close(&s->shim);
	if (attached != DA_ATTACH_OK)
		da_message_error("nothing is recorded: %s", attach_problem(attached));
}

static void drain_until_end(struct da_record_session *s)
{
	uint64_t life_ns = 0;
	bool checked = false, image_checked = false;

	for (;;) {
		da_drain_step(&s->drain);
		check_image(s, &image_checked);
		da_wait_poll(&s->wait, end_orphan, s);
		check_attached(s, &checked);
		report_outputs(s);
		if (s->wait.ended && !s->has_exited_first) {
			s->has_exited_first = true;
			da_drain_end_process(&s->drain, 0, end_of_status(s->wait.status));
		}
		if (s->options->follow &&
		    (s->has_exited_first || s->drain.now_ns - life_ns >= LIFE_NS)) {
			life_ns = s->drain.now_ns;
			end_gone_children(s);
		}
		if (s->has_exited_first && (!s->options->follow || !anyone_left(s)))
			break;
		da_drain_wait(&s->drain);
	}
	report_outputs(s);
}

/* The out-of-memory killer shall rather take us than the program (proc(5)). */
static void offer_to_oom_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "500", 3) != 3) {
		/* then it is the kernel's choice */
	}
	close(fd);
}

int da_record_run(struct da_record_session *s, bool *started_out)
{
	bool to_stdout = s->options->output && !strcmp(s->options->output, "-");
	struct da_target_plan plan = { .path = s->check.path,
				       .argv = s->exec_argv,
				       .may_be_script = !s->check.elf.is_elf,
				       .shared = &s->shared,
				       .shim = &s->shim,
				       .stdout_fd = to_stdout ? STDERR_FILENO : -1 };
	struct da_target target;
	struct da_err err;
	int e;

	*started_out = false;
	da_wait_init(&s->wait);
	if (!da_target_prepare(&plan, &s->wait.mask, &target, &err)) {
		da_message_error("%s", err.text);
		return DA_RECORD_FAILED;
	}
	da_wait_start(&s->wait, target.pid, &s->shared.pool->wake);
	if (!da_record_session_open(s, (uint32_t)target.pid, &err)) {
		da_target_cancel(&target);
		da_record_session_unopen(s);
		da_message_error("%s", err.text);
		return DA_RECORD_FAILED;
	}
	da_message_detail("process %d runs %s with a buffer of %llu bytes", (int)target.pid,
			  s->check.path, (unsigned long long)s->options->buffer);
	if (s->options->follow)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	offer_to_oom_killer();
	da_drain_init(&s->drain, s->shared.pool, da_record_session_stream, s);
	e = da_target_go(&target);
	if (e) {
		da_record_session_unopen(s);
		return report_exec(s, e);
	}
	*started_out = true;
	da_drain_begin(&s->drain, (uint32_t)target.pid);
	drain_until_end(s);
	return da_wait_exit_status(s->wait.status);
}
