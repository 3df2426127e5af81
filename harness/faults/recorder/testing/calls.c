/* One short program for each way to change a file system: `calls NAME` does what the test of that name expects to be recorded,
 * in the current directory. Ends with 1, and says where, when a call does not do what it should. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#define MUST(condition) do { if (!(condition)) { fprintf(stderr, "%d: " #condition ": %s\n", __LINE__, strerror(errno)); exit(1); } } while (0)

static int file(const char *name, int flags)
{
	int fd = open(name, flags, 0666);
	MUST(fd >= 0);
	return fd;
}

static void put(int fd, const char *text)
{
	MUST(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void make(const char *name, const char *text)
{
	int fd = file(name, O_CREAT | O_WRONLY);
	put(fd, text);
	close(fd);
}

static void create(void)
{
	umask(027);
	file("a", O_CREAT | O_WRONLY);
	file("a", O_CREAT | O_WRONLY); /* is there: nothing */
	file("a", O_CREAT | O_WRONLY | O_TRUNC);
	MUST(open("a", O_CREAT | O_EXCL | O_WRONLY, 0666) < 0);
	MUST(open("no/a", O_CREAT | O_WRONLY, 0666) < 0);
	MUST(symlink("there", "dangling") == 0);
	file("dangling", O_CREAT | O_WRONLY);
}

static void writes(void)
{
	int fd = file("a", O_CREAT | O_WRONLY | O_APPEND);
	struct iovec parts[2] = { { "12", 2 }, { "345", 3 } };
	put(fd, "abc");
	put(fd, "def");
	MUST(pwrite(fd, "ghi", 3, 0) == 3); /* goes to the end all the same */
	fd = file("a", O_WRONLY);
	MUST(pwrite(fd, "XY", 2, 4) == 2);
	MUST(lseek(fd, 1, SEEK_SET) == 1);
	MUST(writev(fd, parts, 2) == 5);
	MUST(pwritev(fd, parts, 2, 100) == 5);
	MUST(write(file("a", O_RDONLY), "x", 1) < 0);
	put(file("a", O_WRONLY | O_DSYNC), "durable");
}

static void copies(void)
{
	int both[2];
	make("from", "0123456789");
	int from = file("from", O_RDONLY), to = file("to", O_CREAT | O_RDWR);
	off_t at = 2, there = 20;
	MUST(copy_file_range(from, NULL, to, NULL, 4, 0) == 4);
	MUST(copy_file_range(from, &at, to, &there, 3, 0) == 3);
	MUST(sendfile(to, from, NULL, 3) == 3);
	MUST(pipe(both) == 0);
	put(both[1], "spliced");
	MUST(splice(both[0], NULL, to, NULL, 7, 0) == 7);
	ioctl(to, FICLONE, from); /* works on few file systems */
}

static void waiting_splice(void)
{
	int both[2];
	MUST(pipe(both) == 0);
	int to = file("to", O_CREAT | O_WRONLY);
	if (fork() == 0) {
		make("meanwhile", "x"); /* would never come about if the splice held everybody */
		put(both[1], "late");
		_exit(0);
	}
	MUST(splice(both[0], NULL, to, NULL, 100, 0) == 4);
	wait(NULL);
}

static void names(void)
{
	make("a", "1");
	make("b", "2");
	MUST(rename("a", "c") == 0);
	MUST(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "c", RENAME_EXCHANGE) == 0);
	MUST(syscall(SYS_renameat2, AT_FDCWD, "b", AT_FDCWD, "c", RENAME_NOREPLACE) < 0);
	MUST(link("b", "hard") == 0);
	MUST(symlink("b", "soft") == 0);
	MUST(linkat(AT_FDCWD, "soft", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW) == 0);
	MUST(unlink("soft") == 0);
	MUST(unlink("soft") < 0);
}

static void directories(void)
{
	MUST(mkdir("d", 0750) == 0);
	MUST(mkdir("d", 0750) < 0);
	MUST(chdir("d") == 0);
	MUST(mkdir("e/", 0700) == 0);
	int fd = file(".", O_RDONLY | O_DIRECTORY);
	MUST(mkdirat(fd, "f", 0700) == 0);
	MUST(openat(fd, "e/x", O_CREAT | O_WRONLY, 0600) >= 0);
	MUST(symlink("e", "s") == 0);
	make("../d/s/../f/y", "z");
	MUST(unlinkat(fd, "f/y", 0) == 0);
	MUST(unlinkat(fd, "f", AT_REMOVEDIR) == 0);
	MUST(rmdir("e") < 0);
}

/* Names below a directory that is open, and was moved since. */
static void entries(void)
{
	MUST(mkdir("d", 0755) == 0);
	MUST(mkdir("other", 0755) == 0);
	int fd = file("d", O_RDONLY | O_DIRECTORY);
	MUST(rename("d", "moved") == 0);
	MUST(openat(fd, "a", O_CREAT | O_WRONLY, 0600) >= 0);
	MUST(symlinkat("../other/b", fd, "link") == 0);
	MUST(openat(fd, "link", O_CREAT | O_WRONLY, 0600) >= 0);
	MUST(fchmodat(fd, "link", 0644, 0) == 0);
	MUST(fchmodat(fd, ".", 0700, 0) == 0);
	MUST(fchmodat(fd, "..", 0711, 0) == 0);
	MUST(mkdirat(fd, "../c", 0755) == 0);
	MUST(unlinkat(fd, "link", 0) == 0);
	MUST(openat(fd, "a/b", O_CREAT | O_WRONLY, 0600) < 0);
	MUST(openat(fd, "b", O_CREAT | O_WRONLY, 0600) >= 0);
}

/* Much at once, in one piece and in several, and the same memory written over right after. */
static void large(void)
{
	static char much[700000];
	int fd = file("large", O_CREAT | O_WRONLY);
	struct iovec parts[2] = { { much, 300000 }, { much + 300000, 200001 } };
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof much; i++) much[i] = (char)((i + (size_t)round) % 251);
		MUST(write(fd, much, sizeof much) == sizeof much);
		MUST(writev(fd, parts, 2) == 500001);
		MUST(write(fd, much, 7) == 7);
	}
}

static void descriptors(void)
{
	char self[64];
	int fd = file("a", O_CREAT | O_RDWR);
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	MUST(chmod(self, 0600) == 0);
	MUST(rename("a", "b") == 0);
	put(fd, "1");
	MUST(link("b", "c") == 0);
	MUST(unlink("b") == 0);
	put(fd, "2"); /* it still has the other name */
	MUST(unlink("c") == 0);
	put(fd, "3");
	MUST(fchmod(fd, 0640) == 0);
	put(file("b (deleted)", O_CREAT | O_WRONLY), "4");
}

static void rights(void)
{
	struct timespec times[2] = { { 1, 0 }, { 2, 0 } };
	make("a", "");
	int fd = file("a", O_RDONLY), here = file(".", O_RDONLY | O_DIRECTORY);
	MUST(symlink("a", "s") == 0);
	MUST(chmod("s", 0600) == 0);
	MUST(fchmod(fd, 0644) == 0);
	MUST(fchmodat(here, "a", 0600, 0) == 0);
	MUST(chown("a", getuid(), getgid()) == 0);
	MUST(lchown("s", (uid_t)-1, getgid()) == 0);
	MUST(fchown(fd, getuid(), (gid_t)-1) == 0);
	MUST(fchownat(fd, "", getuid(), getgid(), AT_EMPTY_PATH) == 0);
	MUST(utimensat(here, "s", times, AT_SYMLINK_NOFOLLOW) == 0);
	MUST(futimens(fd, times) == 0);
	MUST(utime("a", NULL) == 0);
	if (syscall(452 /* fchmodat2 */, here, "a", 0640, 0) != 0) MUST(errno == ENOSYS);
}

static void attributes(void)
{
	make("a", "");
	int fd = file("a", O_RDONLY);
	/* Not every file system has them; they count all the same. */
	setxattr("a", "user.one", "1", 1, 0);
	fsetxattr(fd, "user.two", "2", 1, 0);
	removexattr("a", "user.one");
}

static void nodes(void)
{
	struct sockaddr_un address = { AF_UNIX, "sock" }, hidden = { AF_UNIX, "\0hidden" };
	MUST(mkfifo("fifo", 0600) == 0);
	MUST(mknod("plain", S_IFREG | 0600, 0) == 0);
	MUST(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address) == 0);
	MUST(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&hidden, sizeof hidden) == 0);
}

static void sizes(void)
{
	int fd = file("a", O_CREAT | O_RDWR);
	MUST(ftruncate(fd, 5) == 0);
	MUST(truncate("a", 3) == 0);
	MUST(fallocate(fd, 0, 0, 100) == 0);
	MUST(fallocate(fd, FALLOC_FL_KEEP_SIZE, 100, 50) == 0);
}

static void syncs(void)
{
	make("a", "0123");
	int fd = file("a", O_RDWR), here = file(".", O_RDONLY | O_DIRECTORY);
	MUST(fsync(fd) == 0);
	MUST(fdatasync(fd) == 0);
	MUST(fsync(here) == 0);
	MUST(syncfs(here) == 0);
	sync();
	char *map = mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(map != MAP_FAILED);
	MUST(msync(map, 4, MS_SYNC) == 0);
}

/* An open of a FIFO and a write to a full pipe wait for somebody; that one must not be held because of them. */
static void blocking(void)
{
	static char much[1 << 20];
	int both[2], fd;
	MUST(mkfifo("fifo", 0600) == 0);
	MUST(pipe(both) == 0);
	if (fork() == 0) {
		fd = open("fifo", O_CREAT | O_WRONLY | O_TRUNC, 0600);
		MUST(fd >= 0);
		MUST(write(both[1], much, sizeof much) == sizeof much);
		_exit(0);
	}
	make("first", "x");
	file("fifo", O_RDONLY);
	make("second", "x");
	for (size_t have = 0; have < sizeof much;) have += (size_t)read(both[0], much, sizeof much);
	wait(NULL);
	make("third", "x");
}

static void unnamed(void)
{
	char self[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	MUST(fd >= 0);
	put(fd, "whole");
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	MUST(linkat(AT_FDCWD, self, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
	put(fd, "more");
}

static void *become_true(void *unused)
{
	execl("/bin/true", "true", NULL);
	return unused;
}

static void thread_exec(void)
{
	pthread_t thread;
	make("a", "");
	MUST(pthread_create(&thread, NULL, become_true, NULL) == 0);
	for (;;) chmod("a", 0600);
}

static void unseen(void)
{
	make("a", "0123");
	MUST(mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, file("a", O_RDWR), 0) != MAP_FAILED);
	MUST(syscall(425 /* io_uring_setup */, 1, NULL) < 0 && errno == ENOSYS);
}

static void in_chroot(void)
{
	MUST(mkdir("root", 0755) == 0);
	MUST(mkdir("root/sub", 0755) == 0);
	MUST(chroot("root") == 0);
	MUST(chdir("/sub") == 0);
	MUST(symlink("/sub", "/link") == 0);
	make("/link/a", "1");
	make("b", "2");
}

/* A child stops; its parent is told so, continues it, and is told of its end. */
static void stopping(void)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		raise(SIGSTOP);
		make("continued", "x");
		_exit(5);
	}
	MUST(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	make("stopped", "x");
	MUST(kill(child, SIGCONT) == 0);
	MUST(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

/* Two processes that write as fast as they can: their order is the recorder's. */
static void race(void)
{
	int fd = file("log", O_CREAT | O_WRONLY | O_APPEND);
	pid_t child = fork();
	for (int i = 0; i < 200; i++) put(fd, child == 0 ? "c" : "p");
	if (child == 0) _exit(0);
	wait(NULL);
}

static const struct { const char *name; void (*run)(void); } all[] = {
	{ "create", create }, { "writes", writes }, { "copies", copies }, { "waiting-splice", waiting_splice }, { "names", names },
	{ "directories", directories }, { "entries", entries }, { "descriptors", descriptors }, { "rights", rights },
	{ "attributes", attributes }, { "nodes", nodes }, { "sizes", sizes }, { "syncs", syncs }, { "blocking", blocking },
	{ "unnamed", unnamed }, { "large", large },
	{ "thread-exec", thread_exec }, { "unseen", unseen }, { "in-chroot", in_chroot }, { "race", race }, { "stopping", stopping },
};

int main(int argc, char **argv)
{
	umask(022);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (argc > 1 && strcmp(argv[1], all[i].name) == 0) {
			all[i].run();
			return 0;
		}
	return 2;
}
