/* The names of kinds, errors and signals, as the log and the commands have them. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include "recorder.h"

static const char *const kinds[] = {
	[OP_NONE] = "none", [OP_WRITE] = "write", [OP_CREATE] = "create", [OP_TRUNCATE] = "truncate", [OP_RENAME] = "rename",
	[OP_LINK] = "link", [OP_SYMLINK] = "symlink", [OP_UNLINK] = "unlink", [OP_MKDIR] = "mkdir", [OP_RMDIR] = "rmdir",
	[OP_MKNOD] = "mknod", [OP_BIND] = "bind", [OP_CHMOD] = "chmod", [OP_CHOWN] = "chown", [OP_UTIMES] = "utimes",
	[OP_SETXATTR] = "setxattr", [OP_REMOVEXATTR] = "removexattr", [OP_FALLOCATE] = "fallocate", [OP_FSYNC] = "fsync",
	[OP_FDATASYNC] = "fdatasync", [OP_SYNC] = "sync", [OP_SYNCFS] = "syncfs", [OP_MSYNC] = "msync",
};

struct name {
	int number;
	const char *name;
};
#define NAMED(constant) { constant, #constant }

static const struct name errors[] = {
	NAMED(EPERM), NAMED(ENOENT), NAMED(EINTR), NAMED(EIO), NAMED(ENXIO), NAMED(E2BIG), NAMED(EBADF), NAMED(EAGAIN), NAMED(ENOMEM),
	NAMED(EACCES), NAMED(EFAULT), NAMED(EBUSY), NAMED(EEXIST), NAMED(EXDEV), NAMED(ENODEV), NAMED(ENOTDIR), NAMED(EISDIR),
	NAMED(EINVAL), NAMED(ENFILE), NAMED(EMFILE), NAMED(ENOTTY), NAMED(ETXTBSY), NAMED(EFBIG), NAMED(ENOSPC), NAMED(ESPIPE),
	NAMED(EROFS), NAMED(EMLINK), NAMED(EPIPE), NAMED(ERANGE), NAMED(EDEADLK), NAMED(ENAMETOOLONG), NAMED(ENOLCK), NAMED(ENOSYS),
	NAMED(ENOTEMPTY), NAMED(ELOOP), NAMED(ENODATA), NAMED(EOVERFLOW), NAMED(EADDRINUSE), NAMED(ENOTSOCK), NAMED(EOPNOTSUPP),
	NAMED(EALREADY), NAMED(EINPROGRESS), NAMED(ESTALE), NAMED(EDQUOT), NAMED(EUCLEAN), NAMED(ENOKEY),
};

static const struct name signals[] = {
	NAMED(SIGHUP), NAMED(SIGINT), NAMED(SIGQUIT), NAMED(SIGILL), NAMED(SIGTRAP), NAMED(SIGABRT), NAMED(SIGBUS), NAMED(SIGFPE),
	NAMED(SIGKILL), NAMED(SIGUSR1), NAMED(SIGSEGV), NAMED(SIGUSR2), NAMED(SIGPIPE), NAMED(SIGALRM), NAMED(SIGTERM),
	NAMED(SIGCHLD), NAMED(SIGCONT), NAMED(SIGSTOP), NAMED(SIGTSTP), NAMED(SIGXCPU), NAMED(SIGXFSZ), NAMED(SIGSYS),
};

static const char *find_name(const struct name *names, size_t count, int number)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].number == number) return names[i].name;
	return NULL;
}

static int find_number(const struct name *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i].name, name) == 0) return names[i].number;
	return 0;
}

const char *kind_name(enum kind kind)
{
	return kinds[kind];
}

/* OP_NONE when there is no such kind. */
enum kind kind_number(const char *name)
{
	for (int kind = OP_WRITE; kind <= OP_MSYNC; kind++)
		if (strcmp(kinds[kind], name) == 0) return (enum kind)kind;
	return OP_NONE;
}

/* Null when it has no name here. */
const char *error_name(int error)
{
	return find_name(errors, sizeof errors / sizeof errors[0], error);
}

/* 0 when there is no such error. */
int error_number(const char *name)
{
	return find_number(errors, sizeof errors / sizeof errors[0], name);
}

const char *signal_name(int signal)
{
	return find_name(signals, sizeof signals / sizeof signals[0], signal);
}

int signal_number(const char *name)
{
	return find_number(signals, sizeof signals / sizeof signals[0], name);
}
