/* Where we and the traced run: on one processor, as under rr. An operation is twice waking each other and going to sleep, which
 * costs several times as much from one processor to another; and while one of us is at work, the other waits anyway. What is
 * given up is that the traced run beside each other. So it ends, for good, when others want the processors as well: then each of
 * us is better off on whichever is free. A matter of speed only: where anything of this is not to be had, all goes on. */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "recorder.h"

/* The traced may want a processor beside each other, above all the threads of one of them, and for a moment. */
#define MOST_WAITING 2
#define TIMES_IN_A_ROW 3

static cpu_set_t before, shared;
static enum { APART, TOGETHER, PARTED } state = APART;
static int load = -1; /* /proc/loadavg */

/* How many threads of the machine want a processor now, whoever has one included; -1 where the kernel does not tell. */
static long running(void)
{
	char text[128];
	ssize_t size = pread(load, text, sizeof text - 1, 0);
	text[size < 0 ? 0 : size] = '\0';
	char *at = text;
	for (int i = 0; i < 3 && at != NULL; i++) at = strchr(at + 1, ' '); /* after the three averages */
	return at == NULL ? -1 : strtol(at, NULL, 10);
}

static bool is_crowded(long count)
{
	return count > CPU_COUNT(&before) + MOST_WAITING;
}

/* To be called before anybody is traced. Whoever we start inherits our place. */
void share_processor(void)
{
	int processor = sched_getcpu();
	if (processor < 0 || processor >= CPU_SETSIZE || sched_getaffinity(0, sizeof before, &before) != 0) return;
	load = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	long count = running();
	if (count < 0 || is_crowded(count)) return;
	CPU_ZERO(&shared);
	CPU_SET(processor, &shared);
	if (sched_setaffinity(0, sizeof shared, &shared) == 0) state = TOGETHER;
}

/* Lets a thread go where it may. One that chose processors of its own meanwhile keeps them. */
static void free_thread(pid_t tid)
{
	cpu_set_t own;
	if (sched_getaffinity(tid, sizeof own, &own) == 0 && CPU_EQUAL(&own, &shared)) sched_setaffinity(tid, sizeof before, &before);
}

/* Puts a thread that is traced from now on where the others are; one that was born while we parted still is where we were. */
void settle(pid_t tid)
{
	if (state == TOGETHER) sched_setaffinity(tid, sizeof shared, &shared);
	else if (state == PARTED) free_thread(tid);
}

/* To be called now and then. */
void part_if_crowded(void)
{
	static int in_a_row;
	if (state != TOGETHER) return;
	in_a_row = is_crowded(running()) ? in_a_row + 1 : 0;
	if (in_a_row < TIMES_IN_A_ROW) return;
	state = PARTED;
	free_thread(0);
	for (struct tracee *t = tracees; t != NULL; t = t->next) free_thread(t->tid);
}
