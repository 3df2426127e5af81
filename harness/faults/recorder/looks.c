/* What processes look at, where that is asked for. A process does what it does because of what it was told: so what was looked
 * at, and in which order with the operations, is all that its course depends on. A look takes its turn like an operation: what
 * it is told is what was there at that place in the log. Paths are in the caller's words: the links in them were looked at, too. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "recorder.h"

bool keeps_looks;

static const char *look_name(enum kind kind)
{
	switch (kind) {
	case LOOK_STAT: return "stat";
	case LOOK_CONTENT: return "content";
	case LOOK_NAMES: return "names";
	case LOOK_DIRECTORY: return "directory";
	case LOOK_EXEC: return "exec";
	default: return "entry";
	}
}

static int directory_of(const struct tracee *t, int position)
{
	return position < 0 ? AT_FDCWD : (int)t->args[position];
}

/* The path to write down for an argument, when it concerns a watched directory: as it was said, or, where only a link leads into
 * a watched directory, as it was resolved. */
static bool looked_at(struct tracee *t, int dir, uint64_t address, bool follow, char *out)
{
	char text[4096];
	if (!read_string(t, address, text, sizeof text) || text[0] == '\0') return false;
	if (path_as_said(t, dir, text, out) && is_watched(out)) return true;
	return path_of_text(t, dir, text, follow, out) && is_watched(out);
}

static bool on_open_file(struct tracee *t, int fd, char *out)
{
	bool deleted;
	return path_of_descriptor(t, fd, out, &deleted) && !deleted && is_watched(out);
}

/* A link at the end of an exclusive creation is not followed, whatever the flags say. */
static bool open_follows(uint64_t flags)
{
	return (flags & O_NOFOLLOW) == 0 && ((flags & O_CREAT) == 0 || (flags & O_EXCL) == 0);
}

/* Who may read a file has looked at all of it; who only writes, or will only have a directory, at whether it is there. */
static enum kind open_look(uint64_t flags)
{
	if ((flags & O_DIRECTORY) != 0) return LOOK_DIRECTORY;
	bool reads = (flags & O_ACCMODE) != O_WRONLY && (flags & O_TRUNC) == 0 && (flags & O_PATH) == 0;
	return reads ? LOOK_CONTENT : LOOK_ENTRY;
}

/* Files and directories only: opening anything else may wait for somebody who is held. */
static bool may_wait(struct tracee *t, const char *path)
{
	struct stat file;
	return t->call->kind == CALL_OPEN && stat(path, &file) == 0 && !S_ISREG(file.st_mode) && !S_ISDIR(file.st_mode);
}

/* Whether a call that changes nothing looks at something watched. It holds the turn, and changes nothing. */
bool decode_look(struct tracee *t, struct op *op)
{
	const struct call *call = t->call;
	op->kind = OP_NONE;
	if (call->fd >= 0) return on_open_file(t, (int)t->args[(int)call->fd], op->path);
	int dir = directory_of(t, call->dir);
	uint64_t address = t->args[(int)call->path], flags = 0;
	if (names_descriptor(t, address)) return dir != AT_FDCWD && on_open_file(t, dir, op->path);
	bool follow = call->kind == CALL_OPEN ? open_flags(t, &flags) && open_follows(flags) : follows(t);
	return looked_at(t, dir, address, follow, op->path) && !may_wait(t, op->path);
}

static void note_argument(struct tracee *t, int dir, int position, enum kind look, bool follow, bool anew)
{
	char path[LONG_PATH];
	if (looked_at(t, directory_of(t, dir), t->args[position], follow, path)) note_look(look_name(look), t->tgid, path, !follow, anew);
}

/* The look at an open file: whatever has its place now. */
static void note_descriptor(struct tracee *t, int fd, enum kind look)
{
	char path[LONG_PATH];
	if (on_open_file(t, fd, path)) note_look(look_name(look), t->tgid, path, true, false);
}

static bool only_looks(const struct call *call)
{
	return call->kind >= LOOK_ENTRY && call->kind <= LOOK_EXEC;
}

static void note_open(struct tracee *t)
{
	uint64_t flags;
	if (!open_flags(t, &flags)) return;
	bool anew = (flags & (O_CREAT | O_TRUNC | O_EXCL)) == (O_CREAT | O_TRUNC);
	note_argument(t, t->call->dir, t->call->path, open_look(flags), open_follows(flags), anew);
}

/* Writes down what the call is about to look at: also one that changes something, for that succeeds or fails by what is there.
 * What is removed, or replaced by a rename, must be empty when it is a directory. */
void note_looks(struct tracee *t, const struct op *op)
{
	const struct call *call = t->call;
	if (call->kind == CALL_OPEN) {
		note_open(t);
		return;
	}
	enum kind look = only_looks(call) ? call->kind : op->kind == OP_RMDIR ? LOOK_NAMES : LOOK_ENTRY;
	if (call->path >= 0 && !names_descriptor(t, t->args[(int)call->path])) note_argument(t, call->dir, call->path, look, follows(t), false);
	else if (call->path >= 0) note_descriptor(t, directory_of(t, call->dir), look);
	else if (only_looks(call)) note_descriptor(t, (int)t->args[(int)call->fd], look);
	if (call->to >= 0) note_argument(t, call->to_dir, call->to, LOOK_NAMES, false, false);
}
