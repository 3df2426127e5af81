/* An updater as a static program: copies what it finds in one folder beside the old version and turns the link. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
	if (ok) return;
	perror(what);
	exit(1);
}

static void copy(int from, int to, const char *name)
{
	static char text[32768];
	ssize_t got;
	int in = openat(from, name, O_RDONLY), out = openat(to, name, O_CREAT | O_EXCL | O_WRONLY, 0600);
	must(in >= 0 && out >= 0, name);
	while ((got = read(in, text, sizeof text)) > 0) must(write(out, text, (size_t)got) == got, name);
	must(fchmod(out, 0755) == 0 && fsync(out) == 0 && close(out) == 0 && close(in) == 0, name);
}

int main(int argc, char **argv)
{
	must(argc == 2 && mkdir("new.part", 0755) == 0, "new.part");
	int from = open(argv[1], O_RDONLY | O_DIRECTORY), to = open("new.part", O_RDONLY | O_DIRECTORY);
	DIR *entries = fdopendir(dup(from));
	must(entries != NULL, argv[1]);
	for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
		if (entry->d_name[0] != '.') copy(from, to, entry->d_name);
	must(fsync(to) == 0 && rename("new.part", "new") == 0, "new");
	must(symlink("new", "current.part") == 0 && rename("current.part", "current") == 0, "current");
	sync();
	return 0;
}
