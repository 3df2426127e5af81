/* Becoming traced: the process asks the tracer to seize it, puts the filter on itself, and becomes the program. It stays the
 * child of whoever started it, and that one gets its exit status as usual. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "recorder.h"

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "recorder: Cannot %s: %s\n", what, why);
	return 127;
}

/* Some systems (YAMA) let a process be traced by its ancestors only, unless it names another. */
static void allow_tracing(int connection)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof peer;
	getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	prctl(PR_SET_PTRACER, peer.pid > 0 ? (unsigned long)peer.pid : PR_SET_PTRACER_ANY, 0, 0, 0); /* fails where there is no YAMA */
}

/* Asks by a byte, is answered by a byte. Does not return: is the program then, or ends with 127. */
_Noreturn void become_traced(int connection, char **argv)
{
	char answer = '\0';
	const char *wrong = NULL;
	allow_tracing(connection);
	if (write(connection, "?", 1) != 1 || read(connection, &answer, 1) != 1) wrong = "the tracer went away";
	else if (answer == ANSWER_REFUSED) wrong = "this process may not be traced";
	else if (answer == ANSWER_TRACED) wrong = install_filter();
	if (wrong != NULL) _exit(complain("be traced", wrong));
	close(connection);
	execvp(argv[0], argv);
	_exit(complain(argv[0], strerror(errno)));
}

int join(const char *socket_path, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (strlen(socket_path) >= sizeof address.sun_path) return complain("join", "the path of the socket is too long");
	strcpy(address.sun_path, socket_path);
	if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
		return complain(socket_path, strerror(errno));
	become_traced(connection, argv);
}
