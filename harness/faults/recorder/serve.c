/* The two ways to trace: one program and all it starts, or whoever joins. One loop waits for what the kernel reports of the traced,
 * for commands, for who joins, and for pipes that somebody waits for. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "recorder.h"

#define MOST_JOINING 64
#define MOST_POLLED (3 + MOST_JOINING + 256)

static int reports = -1, commands = -1, listener = -1;
static int joining[MOST_JOINING], joining_count;
static struct {
	sigset_t mask;
	struct sigaction pipe;
	struct rlimit descriptors;
} before;

/* The kernel reports by SIGCHLD. It is blocked and read from a descriptor: nothing is missed between looking and waiting, and
 * that is cheaper than a handler. And we hold descriptors for every traced thread: the more the better. */
static void prepare(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &before.mask);
	reports = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	sigaction(SIGPIPE, &ignore, &before.pipe);
	getrlimit(RLIMIT_NOFILE, &before.descriptors);
	struct rlimit most = { before.descriptors.rlim_max, before.descriptors.rlim_max };
	setrlimit(RLIMIT_NOFILE, &most);
	share_processor();
}

/* The program gets what we got. */
static void restore(void)
{
	sigprocmask(SIG_SETMASK, &before.mask, NULL);
	sigaction(SIGPIPE, &before.pipe, NULL);
	setrlimit(RLIMIT_NOFILE, &before.descriptors);
}

/* ---- Who joins */

/* Answers who asks to be traced. A traced program may start another one by `join`: that carries the filter already. */
static void answer(int connection, pid_t pid)
{
	char byte;
	if (read(connection, &byte, 1) != 1) return;
	byte = supervisor.stopped || find_tracee(pid) != NULL ? ANSWER_UNTRACED : attach(pid) ? ANSWER_TRACED : ANSWER_REFUSED;
	if (byte == ANSWER_TRACED) event_number("joined", "pid", (uint64_t)pid);
	/* Who went away meanwhile is reported by its end. */
	if (write(connection, &byte, 1) != 1 && errno != EPIPE) event_problem("Cannot answer %d: %s", pid, strerror(errno));
}

static void answer_joining(int connection)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) answer(connection, peer.pid);
}

static void accept_joining(void)
{
	int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (connection < 0) return;
	if (joining_count < MOST_JOINING) joining[joining_count++] = connection;
	else close(connection);
}

/* ---- Commands */

static void command(const char *line)
{
	char why[LONG_PATH];
	if (strcmp(line, "pause") == 0) command_pause();
	else if (strcmp(line, "resume") == 0) command_resume();
	else if (strcmp(line, "stop") == 0) command_stop();
	else if (strcmp(line, "kill") == 0) command_kill();
	else if (strcmp(line, "admit") == 0) command_admit();
	else if (strncmp(line, "mark ", 5) == 0) command_mark(line + 5);
	else if (strncmp(line, "inject ", 7) != 0) event_problem("Cannot understand the command %s", line);
	else if (arm(line + 7, supervisor.k, why, sizeof why)) event("armed");
	else event_problem("%s", why);
}

/* Whole lines only; the end is a stop. */
static void read_commands(void)
{
	static char text[16384];
	static size_t have;
	ssize_t got = read(commands, text + have, sizeof text - 1 - have);
	if (got < 0 && errno == EINTR) return;
	if (got <= 0) {
		commands = -1;
		if (!supervisor.stopped) command_stop();
		return;
	}
	have += (size_t)got;
	char *line = text, *end;
	while ((end = memchr(line, '\n', have - (size_t)(line - text))) != NULL) {
		*end = '\0';
		command(line);
		line = end + 1;
	}
	have -= (size_t)(line - text);
	memmove(text, line, have);
}

/* ---- The loop */

static void handle_joining(const struct pollfd *polled)
{
	int kept = 0;
	for (int i = 0; i < joining_count; i++) {
		if (polled[i].revents == 0) {
			joining[kept++] = joining[i];
			continue;
		}
		answer_joining(joining[i]);
		close(joining[i]);
	}
	joining_count = kept;
}

static void handle_pipes(const struct pollfd *polled, int count)
{
	for (int i = 0; i < count; i++)
		for (struct tracee *t = tracees; polled[i].revents != 0 && t != NULL; t = t->next)
			if (t->waits_for == polled[i].fd) {
				input_came(t);
				break;
			}
}

/* Waits for anything to happen, or only looks whether it has, and handles what is not reported by the kernel. */
static void hear_others(bool wait)
{
	struct pollfd polled[MOST_POLLED] = { { commands, POLLIN, 0 }, { supervisor.closed ? -1 : listener, POLLIN, 0 }, { reports, POLLIN, 0 } };
	int count = 3, first_pipe, joiners = joining_count;
	for (int i = 0; i < joining_count; i++) polled[count++] = (struct pollfd){ supervisor.closed ? -1 : joining[i], POLLIN, 0 };
	first_pipe = count;
	for (struct tracee *t = tracees; t != NULL && count < MOST_POLLED; t = t->next)
		if (t->waits_for >= 0) polled[count++] = (struct pollfd){ t->waits_for, POLLIN, 0 };
	if (poll(polled, (nfds_t)count, wait ? -1 : 0) <= 0) return;
	struct signalfd_siginfo report;
	/* One for any number of reports; they are all handled before the next wait. */
	if (polled[2].revents != 0 && read(reports, &report, sizeof report) < 0 && errno != EAGAIN) event_problem("Cannot read SIGCHLD: %s", strerror(errno));
	handle_pipes(polled + first_pipe, count - first_pipe);
	if (joiners > 0) handle_joining(polled + 3);
	if (polled[1].revents != 0) accept_joining();
	if (polled[0].revents != 0) read_commands();
}

static bool is_over(void)
{
	return tracees == NULL && commands < 0;
}

/* Nobody commands, joins, or waits for a pipe. */
static bool is_alone(void)
{
	if (commands >= 0 || listener >= 0 || tracees == NULL) return false;
	for (struct tracee *t = tracees; t != NULL; t = t->next)
		if (t->waits_for >= 0) return false;
	return true;
}

/* Who works without a pause reports without a pause: others are heard every so many reports. */
#define REPORTS_IN_A_ROW 16

static void loop(void)
{
	int in_a_row = 0;
	for (bool reported = handle_report(false); reported || !is_over(); reported = handle_report(is_alone())) {
		in_a_row = reported ? in_a_row + 1 : 0;
		if (in_a_row % REPORTS_IN_A_ROW != 0) continue;
		part_if_crowded();
		hear_others(!reported);
	}
	close_log();
}

/* Traces one program, and ends when all that it started has ended. Returns its exit code. */
int run(char **argv)
{
	int pair[2];
	prepare();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return 125;
	supervisor.first = fork();
	if (supervisor.first == 0) {
		restore();
		close(pair[0]);
		become_traced(pair[1], argv);
	}
	close(pair[1]);
	if (supervisor.first < 0) return 125;
	answer(pair[0], supervisor.first);
	close(pair[0]);
	loop();
	int status = supervisor.status;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Traces who joins, until nobody sends commands any more and all have ended. */
int serve(const char *socket_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	prepare();
	if (strlen(socket_path) >= sizeof address.sun_path) return 2;
	strcpy(address.sun_path, socket_path);
	unlink(socket_path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Other users may join as well. */
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || chmod(socket_path, 0777) != 0 || listen(listener, 64) != 0) {
		fprintf(stderr, "recorder: Cannot listen on %s: %s\n", socket_path, strerror(errno));
		return 125;
	}
	commands = STDIN_FILENO;
	event("ready");
	loop();
	unlink(socket_path);
	return 0;
}
