/* The table of the system calls that change or sync a file system. The filter is made from it, and so is decoding: a call
 * that is missing here is not seen at all. Numbers newer than the headers of a machine that compiles this are given by hand;
 * they are the same on all architectures. */
#include <sys/syscall.h>
#include "recorder.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#endif
#ifndef SYS_removexattrat
#define SYS_removexattrat 466
#endif

/* What a call works on: a descriptor; a path; a directory's descriptor and a path. */
#define ON_FD(name, kind, fd) { SYS_##name, kind, fd, -1, -1, -1, -1, -1, FOLLOW }
#define ON_PATH(name, kind, path, look) { SYS_##name, kind, -1, -1, path, -1, -1, -1, look }
#define ON_AT(name, kind, dir, path, flags, look) { SYS_##name, kind, -1, dir, path, -1, -1, flags, look }

const struct call calls[] = {
	/* The most frequent first: the filter compares in this order. */
	ON_FD(write, OP_WRITE, 0),
	ON_AT(openat, CALL_OPEN, 0, 1, 2, FOLLOW),
	ON_FD(pwrite64, OP_WRITE, 0),
	ON_FD(writev, OP_WRITE, 0),
	ON_FD(pwritev, OP_WRITE, 0),
	ON_FD(pwritev2, OP_WRITE, 0),
	ON_FD(sendfile, OP_WRITE, 0),
	ON_FD(copy_file_range, OP_WRITE, 2),
	ON_FD(splice, OP_WRITE, 2),
	ON_FD(ioctl, CALL_CLONE_FILE, 0),
	ON_FD(mmap, CALL_MAP, 4),
	ON_AT(openat2, CALL_OPEN, 0, 1, -1, FOLLOW),
	ON_PATH(truncate, OP_TRUNCATE, 0, FOLLOW),
	ON_FD(ftruncate, OP_TRUNCATE, 0),
	ON_FD(fallocate, OP_FALLOCATE, 0),
#ifdef SYS_renameat
	{ SYS_renameat, OP_RENAME, -1, 0, 1, 2, 3, -1, STAY },
#endif
	{ SYS_renameat2, OP_RENAME, -1, 0, 1, 2, 3, 4, STAY },
	{ SYS_linkat, OP_LINK, -1, 0, 1, 2, 3, 4, STAY_UNLESS_FLAG },
	ON_AT(symlinkat, OP_SYMLINK, 1, 2, -1, STAY),
	ON_AT(unlinkat, OP_UNLINK, 0, 1, 2, STAY),
	ON_AT(mkdirat, OP_MKDIR, 0, 1, -1, STAY),
	ON_AT(mknodat, OP_MKNOD, 0, 1, -1, STAY),
	ON_FD(bind, OP_BIND, -1),
	ON_FD(fchmod, OP_CHMOD, 0),
	ON_AT(fchmodat, OP_CHMOD, 0, 1, -1, FOLLOW),
	ON_AT(fchmodat2, OP_CHMOD, 0, 1, 3, FOLLOW_UNLESS_FLAG),
	ON_FD(fchown, OP_CHOWN, 0),
	ON_AT(fchownat, OP_CHOWN, 0, 1, 4, FOLLOW_UNLESS_FLAG),
	ON_AT(utimensat, OP_UTIMES, 0, 1, 3, FOLLOW_UNLESS_FLAG),
	ON_PATH(setxattr, OP_SETXATTR, 0, FOLLOW),
	ON_PATH(lsetxattr, OP_SETXATTR, 0, STAY),
	ON_FD(fsetxattr, OP_SETXATTR, 0),
	ON_AT(setxattrat, OP_SETXATTR, 0, 1, 2, FOLLOW_UNLESS_FLAG),
	ON_PATH(removexattr, OP_REMOVEXATTR, 0, FOLLOW),
	ON_PATH(lremovexattr, OP_REMOVEXATTR, 0, STAY),
	ON_FD(fremovexattr, OP_REMOVEXATTR, 0),
	ON_AT(removexattrat, OP_REMOVEXATTR, 0, 1, 2, FOLLOW_UNLESS_FLAG),
	ON_FD(fsync, OP_FSYNC, 0),
	ON_FD(fdatasync, OP_FDATASYNC, 0),
	ON_FD(syncfs, OP_SYNCFS, 0),
	ON_FD(sync, OP_SYNC, -1),
	ON_FD(msync, OP_MSYNC, -1),
#ifdef __x86_64__
	/* What only old architectures have: without a directory's descriptor. */
	{ SYS_open, CALL_OPEN, -1, -1, 0, -1, -1, 1, FOLLOW },
	ON_PATH(creat, CALL_OPEN, 0, FOLLOW),
	{ SYS_rename, OP_RENAME, -1, -1, 0, -1, 1, -1, STAY },
	{ SYS_link, OP_LINK, -1, -1, 0, -1, 1, -1, STAY },
	ON_PATH(symlink, OP_SYMLINK, 1, STAY),
	ON_PATH(unlink, OP_UNLINK, 0, STAY),
	ON_PATH(mkdir, OP_MKDIR, 0, STAY),
	ON_PATH(rmdir, OP_RMDIR, 0, STAY),
	ON_PATH(mknod, OP_MKNOD, 0, STAY),
	ON_PATH(chmod, OP_CHMOD, 0, FOLLOW),
	ON_PATH(chown, OP_CHOWN, 0, FOLLOW),
	ON_PATH(lchown, OP_CHOWN, 0, STAY),
	ON_PATH(utime, OP_UTIMES, 0, FOLLOW),
	ON_PATH(utimes, OP_UTIMES, 0, FOLLOW),
	ON_AT(futimesat, OP_UTIMES, 0, 1, -1, FOLLOW),
#endif
};

const int call_count = sizeof calls / sizeof calls[0];

/* What changes nothing and tells its caller something of a file system. Opens that only look are in the table above. */
const struct call look_calls[] = {
	ON_AT(newfstatat, LOOK_STAT, 0, 1, 3, FOLLOW_UNLESS_FLAG),
	ON_AT(statx, LOOK_STAT, 0, 1, 2, FOLLOW_UNLESS_FLAG),
	ON_FD(fstat, LOOK_STAT, 0),
	ON_AT(readlinkat, LOOK_ENTRY, 0, 1, -1, STAY),
	ON_AT(faccessat, LOOK_ENTRY, 0, 1, -1, FOLLOW),
	ON_AT(faccessat2, LOOK_ENTRY, 0, 1, 3, FOLLOW_UNLESS_FLAG),
	ON_FD(getdents64, LOOK_NAMES, 0),
	ON_FD(lseek, LOOK_STAT, 0),
	ON_PATH(chdir, LOOK_ENTRY, 0, FOLLOW),
	ON_PATH(execve, LOOK_EXEC, 0, FOLLOW),
	ON_AT(execveat, LOOK_EXEC, 0, 1, 4, FOLLOW_UNLESS_FLAG),
#ifdef __x86_64__
	ON_PATH(stat, LOOK_STAT, 0, FOLLOW),
	ON_PATH(lstat, LOOK_STAT, 0, STAY),
	ON_PATH(access, LOOK_ENTRY, 0, FOLLOW),
	ON_PATH(readlink, LOOK_ENTRY, 0, STAY),
	ON_FD(getdents, LOOK_NAMES, 0),
#endif
};

const int look_call_count = sizeof look_calls / sizeof look_calls[0];

/* The row of a call, or null when it neither changes anything nor looks. */
const struct call *find_call(uint64_t nr)
{
	for (int i = 0; i < call_count; i++)
		if ((uint64_t)calls[i].nr == nr) return &calls[i];
	for (int i = 0; i < look_call_count; i++)
		if ((uint64_t)look_calls[i].nr == nr) return &look_calls[i];
	return NULL;
}
