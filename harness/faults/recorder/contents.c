/* Where a write went and what it wrote. Told after it is done, when the kernel knows both for certain. */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "recorder.h"

#ifndef RWF_APPEND
#define RWF_APPEND 0x10
#endif
#ifndef RWF_DSYNC
#define RWF_DSYNC 0x2
#define RWF_SYNC 0x4
#endif
/* Position and flags of an open descriptor. What tells them stays open: the next write is often to the same one, and the kernel
 * looks the number up again at each reading. */
static bool descriptor_state(struct tracee *t, int fd, int64_t *position, unsigned *flags)
{
	static const char POSITION[] = "pos:\t", FLAGS[] = "\nflags:\t";
	char name[32], text[512], *end;
	if (t->info < 0 || t->info_of != fd) {
		if (t->info >= 0) close(t->info);
		snprintf(name, sizeof name, "fdinfo/%d", fd);
		t->info = open_of(t, name, O_RDONLY);
		t->info_of = fd;
	}
	ssize_t size = t->info < 0 ? -1 : pread(t->info, text, sizeof text - 1, 0);
	text[size < 0 ? 0 : size] = '\0';
	if (strncmp(text, POSITION, sizeof POSITION - 1) != 0) return false;
	*position = strtoll(text + sizeof POSITION - 1, &end, 10);
	if (strncmp(end, FLAGS, sizeof FLAGS - 1) != 0) return false;
	*flags = (unsigned)strtoul(end + sizeof FLAGS - 1, NULL, 8);
	return true;
}

/* Before: what an offset argument says, -1 for "at the descriptor's position". The kernel moves some of them along. */
void locate_write(struct tracee *t, struct op *op)
{
	long nr = (long)t->nr;
	uint64_t pointer = nr == SYS_copy_file_range || nr == SYS_splice ? t->args[3] : 0;
	int64_t offset = -1;
	if (pointer != 0 && read_memory(t, pointer, &offset, sizeof offset) != sizeof offset) offset = -1;
	if (nr == SYS_pwrite64 || nr == SYS_pwritev || nr == SYS_pwritev2) offset = (int64_t)t->args[3];
	if (nr == SYS_ioctl) {
		struct file_clone_range range = { 0 };
		bool whole = (uint32_t)t->args[1] == (uint32_t)FICLONE;
		offset = whole || read_memory(t, t->args[2], &range, sizeof range) != sizeof range ? 0 : (int64_t)range.dest_offset;
	}
	op->offset = offset;
}

/* Where it went, and whether it is durable. */
static void place(struct tracee *t, struct op *op, int64_t written)
{
	int64_t position = 0;
	unsigned flags = 0;
	struct stat file;
	if (!descriptor_state(t, op->fd, &position, &flags)) event_problem("Cannot tell where %d writes in %s", t->tid, op->path);
	unsigned call_flags = t->nr == SYS_pwritev2 ? (unsigned)t->args[5] : 0;
	op->synchronous = (flags & O_DSYNC) != 0 || (call_flags & (RWF_DSYNC | RWF_SYNC)) != 0; /* O_SYNC has the bit of O_DSYNC */
	/* pwrite to a descriptor that appends goes to the end, whatever its argument says. */
	op->appends = (flags & O_APPEND) != 0 || (call_flags & RWF_APPEND) != 0;
	if (op->offset < 0) op->offset = position - written;
	else if (op->appends && stat_descriptor(t, op->fd, &file)) op->offset = file.st_size - written;
}

static size_t smaller(size_t size, int64_t left)
{
	return left < (int64_t)size ? (size_t)left : size;
}

static int64_t copy_memory(struct tracee *t, uint64_t address, int64_t length)
{
	int64_t done = 0;
	while (done < length) {
		size_t size;
		char *room = data_room(&size);
		ssize_t got = read_memory(t, address + (uint64_t)done, room, smaller(size, length - done));
		if (got <= 0) break;
		data_added((size_t)got);
		done += got;
	}
	return done;
}

static int64_t copy_vector(struct tracee *t, int64_t length)
{
	int64_t done = 0;
	for (uint64_t i = 0; i < t->args[2] && done < length; i++) {
		struct iovec part;
		if (read_memory(t, t->args[1] + i * sizeof part, &part, sizeof part) != sizeof part) break;
		int64_t size = (int64_t)part.iov_len < length - done ? (int64_t)part.iov_len : length - done;
		int64_t got = copy_memory(t, (uint64_t)(uintptr_t)part.iov_base, size);
		done += got;
		if (got < size) break;
	}
	return done;
}

/* Appends a part of a file to the data; a negative length is "to its end". Returns how much, -1 when it cannot be read. */
int64_t copy_file(const char *file, int64_t offset, int64_t length, int64_t *start)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return -1;
	int64_t done = 0;
	*start = data_position();
	while (length < 0 || done < length) {
		size_t size;
		char *room = data_room(&size);
		ssize_t got = pread(fd, room, length < 0 ? size : smaller(size, length - done), offset + done);
		if (got <= 0) break;
		data_added((size_t)got);
		done += got;
	}
	close(fd);
	return done;
}

static int64_t read_back(struct tracee *t, struct op *op, int64_t written)
{
	char link[64];
	descriptor_link(t, op->fd, link, sizeof link);
	return copy_file(link, op->offset, written, &op->data);
}

/* How much a clone wrote: it returns none. */
static int64_t cloned(struct tracee *t, const struct op *op)
{
	struct stat file;
	return stat_descriptor(t, op->fd, &file) ? file.st_size - op->offset : 0;
}

/* After: the true offset, and the bytes. From the caller's memory where they came from there, else out of the file. */
void copy_write(struct tracee *t, struct op *op)
{
	int64_t written = t->nr == SYS_ioctl ? cloned(t, op) : op->result;
	place(t, op, written);
	op->length = written;
	if (!keeps_data()) return;
	op->data = data_position();
	long nr = (long)t->nr;
	int64_t got;
	if (nr == SYS_write || nr == SYS_pwrite64) got = copy_memory(t, t->args[1], written);
	else if (nr == SYS_writev || nr == SYS_pwritev || nr == SYS_pwritev2) got = copy_vector(t, written);
	else got = read_back(t, op, written);
	if (got == written) return;
	op->length = got < 0 ? 0 : got;
	event_problem("Cannot record what was written to %s: only %lld of %lld bytes could be read", op->path, (long long)op->length,
		(long long)written);
}
