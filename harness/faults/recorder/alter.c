/* What is done to a call before it is made: it waits until it cannot block, or it is made to write half. */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "arch.h"
#include "recorder.h"

#ifndef SPLICE_F_NONBLOCK
#define SPLICE_F_NONBLOCK 2
#endif

/* A splice from an empty pipe would wait with everybody held, perhaps for one of them. Returns a descriptor of that pipe to
 * wait for, or -1 when the call can go on. */
int blocking_input(struct tracee *t)
{
	char link[64];
	struct stat file;
	if (t->nr != SYS_splice || (t->args[5] & SPLICE_F_NONBLOCK) != 0) return -1;
	descriptor_link(t, (int)t->args[0], link, sizeof link);
	if (stat(link, &file) != 0 || !S_ISFIFO(file.st_mode)) return -1;
	int pipe = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct pollfd state = { pipe, POLLIN, 0 };
	if (pipe < 0 || poll(&state, 1, 0) == 0) return pipe;
	close(pipe);
	return -1;
}

/* Cuts the total of a vector down by shortening its parts where they lie: the caller is killed right after. */
static bool halve_vector(struct tracee *t)
{
	struct iovec part;
	uint64_t total = 0, count = t->args[2];
	for (uint64_t i = 0; i < count; i++) {
		if (read_memory(t, t->args[1] + i * sizeof part, &part, sizeof part) != sizeof part) return false;
		total += part.iov_len;
	}
	uint64_t left = total / 2;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t at = t->args[1] + i * sizeof part;
		if (read_memory(t, at, &part, sizeof part) != sizeof part) return false;
		if (part.iov_len > left) part.iov_len = left;
		left -= part.iov_len;
		if (!write_memory(t, at, &part, sizeof part)) return false;
	}
	return true;
}

/* Makes a write write half of its bytes. False when it is no write that has halves. */
bool halve(struct tracee *t, const struct op *op)
{
	int count;
	if (op->kind != OP_WRITE) return false;
	switch (t->nr) {
	case SYS_write: case SYS_pwrite64: count = 2; break;
	case SYS_sendfile: count = 3; break;
	case SYS_copy_file_range: case SYS_splice: count = 4; break;
	case SYS_writev: case SYS_pwritev: case SYS_pwritev2: return halve_vector(t);
	default: return false;
	}
	return set_argument(t->tid, count, t->args[count] / 2) == 0;
}
