/* The traced threads: a table by thread id, their memory, and letting them run on. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>
#include "recorder.h"

struct tracee *tracees;

/* Most recently seen first: the same few threads do most of the calls. */
struct tracee *find_tracee(pid_t tid)
{
	struct tracee *before = NULL;
	for (struct tracee *t = tracees; t != NULL; before = t, t = t->next) {
		if (t->tid != tid) continue;
		if (before != NULL) {
			before->next = t->next;
			t->next = tracees;
			tracees = t;
		}
		return t;
	}
	return NULL;
}

/* A thread's process and that one's parent, from one file; 0 where it is gone already. */
void read_family(struct tracee *t)
{
	char file[64], text[1024];
	snprintf(file, sizeof file, "/proc/%d/status", t->tid);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return;
	ssize_t size = read(fd, text, sizeof text - 1);
	close(fd);
	text[size < 0 ? 0 : size] = '\0';
	const char *group = strstr(text, "\nTgid:"), *parent = strstr(text, "\nPPid:");
	if (group != NULL) t->tgid = atoi(group + 6);
	if (parent != NULL) t->parent = atoi(parent + 6);
}

struct tracee *add_tracee(pid_t tid)
{
	struct tracee *t = calloc(1, sizeof *t);
	if (t == NULL) abort();
	t->tid = t->tgid = tid;
	t->home = t->memory = t->info = t->waits_for = -1;
	t->next = tracees;
	tracees = t;
	read_family(t);
	settle(tid);
	return t;
}

void remove_tracee(struct tracee *t)
{
	struct tracee **place = &tracees;
	while (*place != t) place = &(*place)->next;
	*place = t->next;
	forget_program(t);
	if (t->waits_for >= 0) close(t->waits_for);
	free(t);
}

/* After an exec the descriptors would still be the old program's. */
void forget_program(struct tracee *t)
{
	int *open[] = { &t->home, &t->memory, &t->info };
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
		if (*open[i] >= 0) close(*open[i]);
		*open[i] = -1;
	}
}

/* /proc/<tid>, kept open: so a thread is not looked up by its number at each question. It stays this thread's; when that has
 * ended, its number may be another's, but here is nothing any more. */
static int home_of(struct tracee *t)
{
	char directory[64];
	if (t->home >= 0) return t->home;
	snprintf(directory, sizeof directory, "/proc/%d", t->tid);
	t->home = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->home;
}

/* Opens a file below /proc/<tid>. */
int open_of(struct tracee *t, const char *name, int flags)
{
	int home = home_of(t);
	return home < 0 ? -1 : openat(home, name, flags | O_CLOEXEC);
}

/* Where a link below /proc/<tid> leads; false also when that does not fit. */
bool link_of(struct tracee *t, const char *name, char *out, size_t size)
{
	int home = home_of(t);
	ssize_t length = home < 0 ? -1 : readlinkat(home, name, out, size - 1);
	if (length < 0 || (size_t)length == size - 1) return false;
	out[length] = '\0';
	return true;
}

/* Of a link below /proc/<tid>, or what is reached by one. */
bool stat_of(struct tracee *t, const char *name, struct stat *status, bool follow)
{
	int home = home_of(t);
	return home >= 0 && fstatat(home, name, status, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
}

/* Who changed its user is closed to us without CAP_SYS_PTRACE. Told once a process. */
void tell_if_denied(struct tracee *t)
{
	static pid_t last;
	if ((errno != EACCES && errno != EPERM) || t->told_denied) return;
	t->told_denied = true;
	if (last == t->tgid) return;
	last = t->tgid;
	note_unseen("not-permitted", t->tgid, NULL);
	event_problem("Cannot follow process %d, which changed its user: that needs CAP_SYS_PTRACE", t->tgid);
}

/* By /proc/<tid>/mem: containers deny process_vm_readv by default. */
static bool has_memory(struct tracee *t)
{
	if (t->memory >= 0) return true;
	t->memory = open_of(t, "mem", O_RDWR);
	if (t->memory < 0) tell_if_denied(t);
	return t->memory >= 0;
}

ssize_t read_memory(struct tracee *t, uint64_t address, void *buffer, size_t size)
{
	if (!has_memory(t)) return -1;
	return pread(t->memory, buffer, size, (off_t)address);
}

bool write_memory(struct tracee *t, uint64_t address, const void *bytes, size_t size)
{
	return has_memory(t) && pwrite(t->memory, bytes, size, (off_t)address) == (ssize_t)size;
}

/* A string of at most `size` bytes with its end. Read in two steps: most are short, and a page after them may not be there. */
bool read_string(struct tracee *t, uint64_t address, char *buffer, size_t size)
{
	size_t have = 0;
	while (have < size) {
		size_t step = have == 0 && size > 256 ? 256 : size - have;
		ssize_t got = read_memory(t, address + have, buffer + have, step);
		if (got <= 0) return false;
		if (memchr(buffer + have, '\0', (size_t)got) != NULL) return true;
		have += (size_t)got;
	}
	return false;
}

/* ESRCH is no error: the thread was killed while it was stopped; its end is reported by itself. */
void resume(struct tracee *t, int request, int signal)
{
	if (ptrace(request, t->tid, NULL, (void *)(long)signal) != 0 && errno != ESRCH)
		event_problem("Cannot resume %d: %s", t->tid, strerror(errno));
}

#define GET_SYSCALL_INFO ((enum __ptrace_request)0x420e)

/* False when the thread was killed meanwhile. */
bool read_call(struct tracee *t, struct call_stop *stop)
{
	if (ptrace(GET_SYSCALL_INFO, t->tid, (void *)sizeof *stop, stop) > 0) return true;
	if (errno == ESRCH) return false;
	event_problem("Cannot look at a call of %d: %s", t->tid, strerror(errno));
	resume(t, PTRACE_CONT, 0);
	return false;
}
