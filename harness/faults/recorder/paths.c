/* Which file a call means: absolute, with the symlinks of its parent resolved, as seen from here. It is asked while the caller
 * is stopped and all other operations wait, so the answer holds. The kernel does the resolving: a path is opened with O_PATH,
 * which opens nothing, and /proc/self/fd tells what it came to.
 * A caller in another mount namespace is seen with our mounts; in another root (chroot) it is seen rightly. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "recorder.h"

#define MOST_LINKS 40

static char watched[MOST_UNDER][LONG_PATH];
static int watched_count;

/* A place to start from: the caller's root when it is not ours. */
struct view {
	int root; /* descriptor, -1 when it is ours */
	char root_path[LONG_PATH];
};

static bool resolve(const struct view *view, const char *path, bool follow, int links, char *out);

/* Adds a directory whose changes count. It need not be there yet. */
bool watch(const char *directory)
{
	struct view ours = { -1, "" };
	if (watched_count == MOST_UNDER || directory[0] != '/') return false;
	return resolve(&ours, directory, true, 0, watched[watched_count++]);
}

bool is_watched(const char *path)
{
	for (int i = 0; i < watched_count; i++) {
		size_t length = strlen(watched[i]);
		if (length == 1) return path[0] == '/';
		if (strncmp(path, watched[i], length) == 0 && (path[length] == '\0' || path[length] == '/')) return true;
	}
	return false;
}

bool shares_file_system(dev_t device)
{
	struct stat status;
	for (int i = 0; i < watched_count; i++)
		if (stat(watched[i], &status) == 0 && status.st_dev == device) return true;
	return false;
}

static bool read_link(const char *file, char *out, size_t size)
{
	ssize_t length = readlink(file, out, size - 1);
	if (length < 0 || (size_t)length == size - 1) return false;
	out[length] = '\0';
	return true;
}

static bool opened_path(int fd, char *out)
{
	char file[64];
	snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
	bool read = read_link(file, out, LONG_PATH);
	close(fd);
	return read && out[0] == '/';
}

static int open_in(const struct view *view, const char *path, int flags)
{
	if (view->root < 0) return open(path, flags | O_PATH | O_CLOEXEC);
	struct open_how how = { .flags = (uint64_t)(flags | O_PATH | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT };
	return (int)syscall(SYS_openat2, view->root, path, &how, sizeof how);
}

static bool join_path(const char *directory, const char *name, char *out)
{
	bool slash = directory[0] == '\0' || directory[strlen(directory) - 1] != '/';
	return (size_t)snprintf(out, LONG_PATH, "%s%s%s", directory, slash ? "/" : "", name) < LONG_PATH;
}

/* Where a symlink leads, as a path in the same view: the target of a creating open through a link that dangles. */
static bool target_of(const struct view *view, const char *link, const char *directory, char *out)
{
	char target[4096];
	if (!read_link(link, target, sizeof target)) return false;
	if (target[0] == '/') return (size_t)snprintf(out, LONG_PATH, "%s", target) < LONG_PATH;
	return join_path(directory + strlen(view->root_path), target, out);
}

/* The directory is resolved, the last component stays as it is; or, when it is a link and to be followed, goes on from there.
 * When the directory is not there the call will fail; then its path is told from the nearest one that is. */
static bool resolve_last(const struct view *view, const char *path, bool follow, int links, char *out)
{
	char parent[LONG_PATH], directory[LONG_PATH], next[LONG_PATH];
	int fd = -1;
	size_t length = strlen(path), last = (size_t)(strrchr(path, '/') - path);
	while (fd < 0 && length > 0) {
		while (path[--length] != '/');
		snprintf(parent, sizeof parent, "%.*s", length == 0 ? 1 : (int)length, path);
		fd = open_in(view, parent, 0);
	}
	if (fd < 0 || !opened_path(fd, directory) || !join_path(directory, path + length + 1, out)) return false;
	if (!follow || length < last || links == MOST_LINKS || !target_of(view, out, directory, next)) return true;
	return resolve(view, next, true, links + 1, out);
}

static bool resolve(const struct view *view, const char *path, bool follow, int links, char *out)
{
	char clean[LONG_PATH];
	if ((size_t)snprintf(clean, sizeof clean, "%s", path) >= sizeof clean) return false;
	size_t length = strlen(clean);
	while (length > 1 && clean[length - 1] == '/') clean[--length] = '\0';
	if (clean[0] != '/') return false;
	const char *name = strrchr(clean, '/') + 1;
	if (length > 1 && !follow && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) return resolve_last(view, clean, false, links, out);
	int fd = open_in(view, clean, 0);
	if (fd >= 0) return opened_path(fd, out);
	return length > 1 && resolve_last(view, clean, follow, links, out);
}

/* /proc/self is another one for us than for the caller, and programs do name files by it: GNU tar changes modes through
 * /proc/self/fd/N, shells and compilers write to /dev/fd/N and /dev/stdout. */
static bool translate_self(const struct tracee *t, const char *path, char *out, size_t size)
{
	static const struct { const char *from, *to; } streams[] = {
		{ "/dev/stdin", "fd/0" }, { "/dev/stdout", "fd/1" }, { "/dev/stderr", "fd/2" },
	};
	if (strncmp(path, "/proc/self/", 11) == 0) return (size_t)snprintf(out, size, "/proc/%d/%s", t->tgid, path + 11) < size;
	if (strncmp(path, "/dev/fd/", 8) == 0) return (size_t)snprintf(out, size, "/proc/%d/fd/%s", t->tgid, path + 8) < size;
	if (strncmp(path, "/proc/thread-self/", 18) == 0)
		return (size_t)snprintf(out, size, "/proc/%d/task/%d/%s", t->tgid, t->tid, path + 18) < size;
	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
		if (strcmp(path, streams[i].from) == 0) return (size_t)snprintf(out, size, "/proc/%d/%s", t->tgid, streams[i].to) < size;
	return (size_t)snprintf(out, size, "%s", path) < size;
}

void descriptor_link(const struct tracee *t, int fd, char *out, size_t size)
{
	if (fd == AT_FDCWD) snprintf(out, size, "/proc/%d/cwd", t->tid);
	else snprintf(out, size, "/proc/%d/fd/%d", t->tid, fd);
}

/* The same link, named from the caller's directory in /proc. */
static const char *descriptor_name(int fd, char *out, size_t size)
{
	if (fd == AT_FDCWD) return "cwd";
	snprintf(out, size, "fd/%d", fd);
	return out;
}

/* Where an open descriptor leads; false when it is no file. */
bool link_of_descriptor(struct tracee *t, int fd, char *out)
{
	char name[32];
	return link_of(t, descriptor_name(fd, name, sizeof name), out, LONG_PATH) && out[0] == '/';
}

bool stat_descriptor(struct tracee *t, int fd, struct stat *status)
{
	char name[32];
	return stat_of(t, descriptor_name(fd, name, sizeof name), status, true);
}

/* Enters the root of the caller when it is not ours. */
static bool open_view(struct tracee *t, struct view *view)
{
	view->root = -1;
	view->root_path[0] = '\0';
	if (!link_of(t, "root", view->root_path, LONG_PATH)) return false;
	if (strcmp(view->root_path, "/") != 0) view->root = open_of(t, "root", O_PATH | O_DIRECTORY);
	else view->root_path[0] = '\0';
	return true;
}

/* The path in the caller's own words, links in it unresolved; relative ones from where its directory lies now. */
bool path_as_said(struct tracee *t, int dir, const char *text, char *out)
{
	char start[LONG_PATH];
	if (text[0] == '/') return translate_self(t, text, out, LONG_PATH);
	return link_of_descriptor(t, dir, start) && join_path(start, text, out);
}

/* The short way for what is said most often: the name of an entry of a directory, whose path the kernel tells. Nothing is to be
 * resolved then but an entry that is a link and followed. False when the long way has to be gone. */
static bool path_of_entry(struct tracee *t, int dir, const char *name, bool follow, char *out)
{
	char start[LONG_PATH], entry[LONG_PATH], base[32];
	struct stat file;
	if (strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return false;
	if (!link_of_descriptor(t, dir, start) || !join_path(start, name, out)) return false;
	if (!follow) return true;
	if (!join_path(descriptor_name(dir, base, sizeof base), name, entry)) return false;
	return !stat_of(t, entry, &file, false) || !S_ISLNK(file.st_mode);
}

/* The file that `text` means to the caller; `dir` is a descriptor of its, or AT_FDCWD. */
bool path_of_text(struct tracee *t, int dir, const char *text, bool follow, char *out)
{
	struct view view;
	char base[64], mine[LONG_PATH], start[LONG_PATH];
	if (text[0] == '\0') return false;
	if (path_of_entry(t, dir, text, follow, out)) return true;
	if (!open_view(t, &view)) return false;
	bool found;
	if (text[0] == '/') {
		found = translate_self(t, text, mine, sizeof mine);
	} else {
		descriptor_link(t, dir, base, sizeof base);
		found = link_of_descriptor(t, dir, start);
		/* By the magic link where the roots are the same: it leads there even when the directory was moved or removed. */
		found = found && join_path(view.root < 0 ? base : start + strlen(view.root_path), text, mine);
	}
	found = found && resolve(&view, mine, follow, 0, out);
	if (view.root >= 0) close(view.root);
	return found;
}

bool path_of_argument(struct tracee *t, int dir, uint64_t address, bool follow, char *out)
{
	char text[4096];
	return read_string(t, address, text, sizeof text) && path_of_text(t, dir, text, follow, out);
}

/* A line of /proc/<tid>/maps that holds the address and ends with a path. */
bool path_of_mapping(const struct tracee *t, uint64_t address, char *out)
{
	char file[64], line[LONG_PATH + 128];
	snprintf(file, sizeof file, "/proc/%d/maps", t->tid);
	FILE *maps = fopen(file, "re");
	bool found = false;
	while (maps != NULL && !found && fgets(line, sizeof line, maps) != NULL) {
		unsigned long long from, to;
		const char *path = strchr(line, '/');
		if (path == NULL || sscanf(line, "%llx-%llx", &from, &to) != 2 || address < from || address >= to) continue;
		found = (size_t)snprintf(out, LONG_PATH, "%.*s", (int)strcspn(path, "\n"), path) < LONG_PATH;
	}
	if (maps != NULL) fclose(maps);
	return found;
}
