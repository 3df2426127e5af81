/* From a stopped call to an operation: before it is carried out (which one, on which file; the injector decides by that) and
 * after (what came of it). All is read while everybody else who could change a file is held. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "recorder.h"

static int argument_fd(const struct tracee *t, int position)
{
	return position < 0 ? AT_FDCWD : (int)t->args[position];
}

static unsigned flags_of(const struct tracee *t)
{
	return t->call->flags < 0 ? 0 : (unsigned)t->args[(int)t->call->flags];
}

bool follows(const struct tracee *t)
{
	switch (t->call->look) {
	case FOLLOW: return true;
	case STAY: return false;
	case FOLLOW_UNLESS_FLAG: return (flags_of(t) & AT_SYMLINK_NOFOLLOW) == 0;
	case STAY_UNLESS_FLAG: return (flags_of(t) & AT_SYMLINK_FOLLOW) != 0;
	}
	return true;
}

/* What a descriptor means: only files that have, or had, a name in a watched directory. */
static bool on_descriptor(struct tracee *t, int fd, struct op *op)
{
	op->fd = fd;
	return path_of_descriptor(t, fd, op->path, &op->deleted) && is_watched(op->path);
}

/* An empty path, or none, with a descriptor: the call is about that descriptor itself. */
bool names_descriptor(struct tracee *t, uint64_t address)
{
	char first = 'x';
	if (t->call->dir < 0) return false;
	return address == 0 || (read_memory(t, address, &first, 1) == 1 && first == '\0');
}

static bool on_path(struct tracee *t, struct op *op)
{
	int dir = argument_fd(t, t->call->dir);
	uint64_t address = t->args[(int)t->call->path];
	if (names_descriptor(t, address)) return dir != AT_FDCWD && on_descriptor(t, dir, op);
	if (!path_of_argument(t, dir, address, follows(t), op->path) || !is_watched(op->path)) return false;
	if (follows(t)) op->deleted = strip_deleted(op->path);
	return true;
}

/* Only files hold everybody up: a write to a pipe, a terminal or a socket may wait for somebody who is held. */
static bool decode_write(struct tracee *t, struct op *op)
{
	struct stat file;
	if (!on_descriptor(t, argument_fd(t, t->call->fd), op)) return false;
	if (!stat_descriptor(t, op->fd, &file) || !S_ISREG(file.st_mode)) return false;
	locate_write(t, op);
	return true;
}

bool open_flags(struct tracee *t, uint64_t *flags)
{
	struct open_how how = { 0 };
	if (t->nr != SYS_openat2) {
		*flags = t->call->flags < 0 ? O_CREAT | O_WRONLY | O_TRUNC : t->args[(int)t->call->flags];
		return true;
	}
	if (read_memory(t, t->args[2], &how, sizeof how) != sizeof how) return false;
	*flags = how.flags;
	return true;
}

/* Opening makes a file, empties one, or does nothing to it. Everything but a file may block (a FIFO does) and is not held. */
static bool decode_open(struct tracee *t, struct op *op)
{
	uint64_t flags;
	struct stat file;
	if (!open_flags(t, &flags)) return false;
	if ((flags & O_PATH) != 0 || (flags & (O_CREAT | O_TRUNC)) == 0) return keeps_looks && decode_look(t, op);
	bool exclusive = (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0;
	bool follow = !exclusive && (flags & O_NOFOLLOW) == 0;
	if (!path_of_argument(t, argument_fd(t, t->call->dir), t->args[(int)t->call->path], follow, op->path)) return false;
	if (!is_watched(op->path)) return false;
	if (exclusive || lstat(op->path, &file) != 0) {
		op->kind = OP_CREATE;
		return (flags & O_CREAT) != 0;
	}
	op->kind = (flags & O_TRUNC) != 0 ? OP_TRUNCATE : OP_NONE;
	op->size = 0;
	return S_ISREG(file.st_mode);
}

static bool decode_two_paths(struct tracee *t, struct op *op)
{
	const struct call *call = t->call;
	bool from = on_path(t, op);
	bool to = path_of_argument(t, argument_fd(t, call->to_dir), t->args[(int)call->to], false, op->to) && is_watched(op->to);
	if (t->nr == SYS_renameat2) op->exchange = (flags_of(t) & 2 /* RENAME_EXCHANGE */) != 0;
	return from || to;
}

static bool decode_bind(struct tracee *t, struct op *op)
{
	struct sockaddr_un address = { 0 };
	size_t size = t->args[2] < sizeof address ? (size_t)t->args[2] : sizeof address;
	if (read_memory(t, t->args[1], &address, size) != (ssize_t)size || address.sun_family != AF_UNIX) return false;
	char path[sizeof address.sun_path + 1] = { 0 };
	memcpy(path, address.sun_path, sizeof address.sun_path);
	return path_of_text(t, AT_FDCWD, path, false, op->path) && is_watched(op->path);
}

static bool decode_attribute(struct tracee *t, struct op *op)
{
	bool at = t->call->dir >= 0;
	if (!(t->call->fd >= 0 ? on_descriptor(t, argument_fd(t, t->call->fd), op) : on_path(t, op))) return false;
	if (!read_string(t, t->args[at ? 3 : 1], op->text, sizeof op->text)) return false;
	/* An access list has the permissions in it: `cp -p` and `install` change modes in this way. */
	if (strcmp(op->text, "system.posix_acl_access") == 0) op->kind = OP_CHMOD;
	return true;
}

/* A shared mapping of a file that may be written: what is stored there is no system call. */
static bool tell_mapping(struct tracee *t, struct op *op)
{
	if ((t->args[2] & PROT_WRITE) != 0 && on_descriptor(t, (int)t->args[4], op)) note_unseen("shared-mapping", t->tgid, op->path);
	return false;
}

static bool decode_sync(struct tracee *t, struct op *op)
{
	struct stat file;
	if (op->kind == OP_SYNC) return true;
	if (op->kind == OP_MSYNC) return path_of_mapping(t, t->args[0], op->path) && is_watched(op->path);
	op->fd = argument_fd(t, t->call->fd);
	if (op->kind != OP_SYNCFS) return on_descriptor(t, op->fd, op);
	return path_of_descriptor(t, op->fd, op->path, &op->deleted) && stat_descriptor(t, op->fd, &file) && shares_file_system(file.st_dev);
}

/* The kinds that need no more than the file they work on, and perhaps a number or a text. */
static bool decode_plain(struct tracee *t, struct op *op)
{
	const struct call *call = t->call;
	if (op->kind == OP_TRUNCATE) op->size = (int64_t)t->args[1];
	if (op->kind == OP_FALLOCATE) {
		op->fallocate_mode = (int)t->args[1];
		op->offset = (int64_t)t->args[2];
		op->size = (int64_t)t->args[3];
	}
	if (op->kind == OP_UNLINK && (flags_of(t) & AT_REMOVEDIR) != 0) op->kind = OP_RMDIR;
	/* The target stands before the place. */
	if (op->kind == OP_SYMLINK && !read_string(t, t->args[0], op->text, sizeof op->text)) return false;
	return call->fd >= 0 ? on_descriptor(t, argument_fd(t, call->fd), op) : on_path(t, op);
}

/* Fills `op` from the call the thread is stopped at; false when it is none that concerns a watched directory. */
bool decode(struct tracee *t, struct op *op)
{
	op->kind = t->call->kind;
	op->fd = -1;
	op->deleted = op->exchange = op->injected = op->appends = false;
	op->length = -1;
	op->mode = op->uid = op->gid = 0;
	op->type = "file";
	op->path[0] = op->to[0] = op->text[0] = '\0';
	switch (op->kind) {
	case CALL_OPEN: return decode_open(t, op);
	case CALL_MAP: return tell_mapping(t, op);
	case LOOK_ENTRY: case LOOK_STAT: case LOOK_CONTENT: case LOOK_NAMES: case LOOK_DIRECTORY: case LOOK_EXEC: return decode_look(t, op);
	case CALL_CLONE_FILE: op->kind = OP_WRITE; return decode_write(t, op);
	case OP_WRITE: return decode_write(t, op);
	case OP_RENAME: case OP_LINK: return decode_two_paths(t, op);
	case OP_BIND: return decode_bind(t, op);
	case OP_SETXATTR: case OP_REMOVEXATTR: return decode_attribute(t, op);
	case OP_FSYNC: case OP_FDATASYNC: case OP_SYNC: case OP_SYNCFS: case OP_MSYNC: return decode_sync(t, op);
	default: return decode_plain(t, op);
	}
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO: return "fifo";
	case S_IFSOCK: return "socket";
	case S_IFCHR: return "char";
	case S_IFBLK: return "block";
	default: return "file";
	}
}

/* Mode and owner as they became: after umask, set-group-id directories and default access lists. */
static void look_again(struct tracee *t, struct op *op)
{
	struct stat file;
	if (op->fd >= 0 ? !stat_descriptor(t, op->fd, &file) : lstat(op->path, &file) != 0) return;
	op->mode = file.st_mode & 07777;
	op->uid = file.st_uid;
	op->gid = file.st_gid;
	op->type = type_name(file.st_mode);
}

/* A file that never had a name gets its first: the link tells all of it. */
static void describe_unnamed(struct op *op)
{
	struct stat file;
	if (lstat(op->to, &file) != 0) return;
	op->mode = file.st_mode & 07777;
	op->uid = file.st_uid;
	op->gid = file.st_gid;
	if (keeps_data()) op->length = copy_file(op->to, 0, -1, &op->data);
}

/* Fills in what came of it. */
void complete(struct tracee *t, struct op *op, int64_t result)
{
	op->result = result;
	if (result < 0) return;
	switch (op->kind) {
	case OP_WRITE: copy_write(t, op); break;
	case OP_LINK:
		if (op->deleted) describe_unnamed(op);
		remember_link(op->deleted ? op->to : op->path, op->to);
		break;
	case OP_CREATE: case OP_MKDIR: case OP_MKNOD: case OP_BIND: case OP_SYMLINK: case OP_CHMOD: case OP_CHOWN:
		look_again(t, op);
		break;
	default: break;
	}
}
