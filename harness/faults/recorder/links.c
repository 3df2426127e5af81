/* The path an open descriptor has now. The kernel tells it, renames included, with one exception: of a file with two names it
 * tells the one it was opened by, and calls it deleted once that one is gone. So the names that links gave are remembered. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "recorder.h"

static const char DELETED[] = " (deleted)";

struct known_name {
	dev_t device;
	ino_t inode;
	char *path;
};
static struct known_name *names;
static size_t name_count;

static void remember_name(const char *path)
{
	struct stat status;
	if (lstat(path, &status) != 0) return;
	if ((name_count & (name_count - 1)) == 0) {
		size_t room = name_count == 0 ? 1 : 2 * name_count;
		names = realloc(names, room * sizeof *names);
		if (names == NULL) abort();
	}
	names[name_count++] = (struct known_name){ status.st_dev, status.st_ino, strdup(path) };
}

/* Called after a link was made: the file has both names. */
void remember_link(const char *path, const char *to)
{
	remember_name(path);
	remember_name(to);
}

static bool other_name(const struct stat *file, char *out)
{
	struct stat status;
	for (size_t i = name_count; i-- > 0;) {
		if (names[i].inode != file->st_ino || names[i].device != file->st_dev) continue;
		if (lstat(names[i].path, &status) != 0 || status.st_ino != file->st_ino || status.st_dev != file->st_dev) continue;
		return (size_t)snprintf(out, LONG_PATH, "%s", names[i].path) < LONG_PATH;
	}
	return false;
}

/* A path by which the kernel names a file without a name, when it was reached by a descriptor: /proc/self/fd/N. */
bool strip_deleted(char *path)
{
	struct stat status;
	size_t length = strlen(path), suffix = sizeof DELETED - 1;
	if (length <= suffix || strcmp(path + length - suffix, DELETED) != 0 || lstat(path, &status) == 0) return false;
	path[length - suffix] = '\0';
	return true;
}

/* False when it is none of a file: a pipe, a socket. A file without a name keeps its last one here, and is `deleted`. */
bool path_of_descriptor(struct tracee *t, int fd, char *out, bool *deleted)
{
	struct stat file, named;
	*deleted = false;
	errno = 0;
	if (!link_of_descriptor(t, fd, out)) {
		tell_if_denied(t);
		return false;
	}
	size_t length = strlen(out), suffix = sizeof DELETED - 1;
	if (length <= suffix || strcmp(out + length - suffix, DELETED) != 0) return true;
	if (!stat_descriptor(t, fd, &file)) return false;
	/* A file may really be called so. */
	if (lstat(out, &named) == 0 && named.st_ino == file.st_ino && named.st_dev == file.st_dev) return true;
	out[length - suffix] = '\0';
	if (file.st_nlink > 0 && other_name(&file, out)) return true;
	if (file.st_nlink > 0 && is_watched(out)) note_unseen("hard-link", t->tgid, out);
	*deleted = true;
	return true;
}
