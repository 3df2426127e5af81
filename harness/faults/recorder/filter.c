/* The seccomp filter that every traced process carries: it stops the calls of the table for the tracer, and lets all others run
 * at full speed. A process inherits it and cannot take it off; so once it has no tracer any more, these calls fail (ENOSYS). */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "arch.h"
#include "recorder.h"

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

#define MOST_INSTRUCTIONS 512
#define LOW_WORD(position) (offsetof(struct seccomp_data, args) + 8 * (position)) /* both architectures are little-endian */

static struct sock_filter program[MOST_INSTRUCTIONS];
static unsigned short length;

static void add(uint16_t code, uint32_t value, uint8_t yes, uint8_t no)
{
	program[length++] = (struct sock_filter){ code, yes, no, value };
}

static void load(size_t offset)
{
	add(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(uint32_t action)
{
	add(BPF_RET | BPF_K, action, 0, 0);
}

/* Loads an argument and answers: stop when the test holds for `value`. */
static void stop_when(int position, uint16_t test, uint32_t value)
{
	load(LOW_WORD(position));
	add(BPF_JMP | test | BPF_K, value, 0, 1);
	answer(SECCOMP_RET_TRACE);
	answer(SECCOMP_RET_ALLOW);
}

/* Only files: MAP_SHARED and MAP_SHARED_VALIDATE have the lowest bit, MAP_PRIVATE has not. */
static void stop_shared_mappings(int flags)
{
	load(LOW_WORD(flags));
	add(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 2, 0);
	add(BPF_JMP | BPF_JSET | BPF_K, MAP_SHARED, 0, 1);
	answer(SECCOMP_RET_TRACE);
	answer(SECCOMP_RET_ALLOW);
}

/* What is to be done once the number is known to be this call's. */
static void decide(const struct call *call)
{
	if (call->kind == CALL_OPEN && call->flags >= 0 && !keeps_looks) {
		stop_when(call->flags, BPF_JSET, O_CREAT | O_TRUNC);
	} else if (call->kind == CALL_CLONE_FILE) {
		load(LOW_WORD(1));
		add(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)FICLONE, 1, 0);
		add(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)FICLONERANGE, 0, 1);
		answer(SECCOMP_RET_TRACE);
		answer(SECCOMP_RET_ALLOW);
	} else if (call->kind == CALL_MAP) {
		stop_shared_mappings(3);
	} else if (call->nr == SYS_lseek) {
		stop_when(2, BPF_JGE, SEEK_END); /* the others say nothing of the file */
	} else if (call->kind == OP_MSYNC) {
		stop_when(2, BPF_JSET, MS_SYNC);
	} else {
		answer(SECCOMP_RET_TRACE);
	}
}

static void stop_calls(const struct call *table, int count)
{
	for (int i = 0; i < count; i++) {
		unsigned short jump = length;
		add(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)table[i].nr, 0, 0);
		decide(&table[i]);
		program[jump].jf = (uint8_t)(length - jump - 1);
	}
}

static void compose(void)
{
	/* A process may make calls of another architecture (i386): they would have other numbers. Not followed, but told. */
	load(offsetof(struct seccomp_data, arch));
	add(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
	answer(SECCOMP_RET_TRACE | FOREIGN_CALL);
	load(offsetof(struct seccomp_data, nr));
#ifdef FOREIGN_NUMBERS
	add(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_NUMBERS, 0, 1);
	answer(SECCOMP_RET_TRACE | FOREIGN_CALL);
#endif
	/* Operations submitted to a ring are no system calls. Programs fall back to calls when the kernel has no rings. */
	add(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1);
	answer(SECCOMP_RET_ERRNO | ENOSYS);
	stop_calls(calls, call_count);
	if (keeps_looks) stop_calls(look_calls, look_call_count);
	answer(SECCOMP_RET_ALLOW);
}

/* Puts the filter on the calling thread and all it will start. Returns what went wrong, or null. */
const char *install_filter(void)
{
	compose();
	struct sock_fprog filter = { length, program };
	/* Without this flag older kernels slow a filtered process down against a weakness of processors. */
	unsigned long flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) == 0) return NULL;
	/* Who is not privileged must promise to gain no privileges; who is keeps set-user-id programs working. */
	if (errno != EACCES) return strerror(errno);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return strerror(errno);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) == 0 ? NULL : strerror(errno);
}
