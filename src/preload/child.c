/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preload/child.h"

#include "base/sys.h"
#include "preload/modules.h"
#include "preload/real.h"
#include "preload/shim.h"
#include "preload/thread.h"

/* Runs in the child, in the thread that forked; nothing else is running. */
static void after_fork(void)
{
	if (da_sys_getpid() == (long)da_shim.pid) /* the wiped gate has told us already */
		return;
	da_shim.gate->on = 0;
	da_child_continues();
}

void da_child_init(void)
{
	if (da_real.register_atfork)
		da_real.register_atfork(NULL, NULL, after_fork, NULL);
	else if (da_real.atfork)
		da_real.atfork(NULL, NULL, after_fork);
}

static bool begin_own_stream(uint32_t pid)
{
	uint32_t parent = da_shim.process;
	uint32_t process = __atomic_fetch_add(&da_shim.pool->processes, 1, __ATOMIC_RELAXED);

	if (process >= DA_POOL_MAX_PROCESSES)
		return false;
	da_shim.pid = pid;
	da_shim.process = process;
	da_shim.pool->process_parent[process] = parent;
	__atomic_store_n(&da_shim.pool->process_pid[process], pid, __ATOMIC_RELEASE);
	da_thread_forget_others();
	da_modules_forget();
	if (da_tls.thread) {
		da_tls.thread->tid = (uint32_t)da_sys_gettid();
		if (!da_thread_restart(da_tls.thread))
			return false;
	}
	da_shim.gate->on = 1;
	return true;
}

bool da_child_continues(void)
{
	uint32_t pid;

	if (!da_shim.pid || da_shim.detached)
		return false;
	pid = (uint32_t)da_sys_getpid();
	if (pid == da_shim.pid) /* recording has ended in the process itself */
		return da_shim.gate->on;
	if (da_shim.mode == DA_SHIM_POOL && da_shim.pool->follow && begin_own_stream(pid))
		return true;
	da_shim.detached = 1;
	if (da_shim.mode == DA_SHIM_POOL)
		__atomic_add_fetch(&da_shim.pool->forks, 1, __ATOMIC_RELAXED);
	return false;
}
