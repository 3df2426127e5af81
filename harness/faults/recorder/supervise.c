/* What the kernel reports of the traced, what is commanded, and the kill. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include "recorder.h"

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE \
	| PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)
#define RETURNED (SIGTRAP | 0x80)

struct supervisor supervisor;

static void on_call(struct tracee *t)
{
	struct call_stop stop;
	if (!read_call(t, &stop)) return;
	if (stop.seccomp.data == FOREIGN_CALL) {
		if (!t->told_foreign) note_unseen("i386", t->tgid, NULL);
		t->told_foreign = true;
		resume(t, PTRACE_CONT, 0);
		return;
	}
	t->nr = stop.seccomp.nr;
	memcpy(t->args, stop.seccomp.args, sizeof t->args);
	t->call = find_call(t->nr);
	consider(t);
}

static void on_return(struct tracee *t)
{
	struct call_stop stop;
	if (read_call(t, &stop)) finish(t, stop.exit.result);
}

/* When another thread than the first calls exec it takes the first one's id, and the others are gone without a word. */
static void on_exec(struct tracee *t)
{
	unsigned long former = (unsigned long)t->tid;
	ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &former);
	struct tracee *old = (pid_t)former == t->tid ? NULL : find_tracee((pid_t)former);
	leave(t); /* a program that was looked at before it was started, and still holds the turn */
	if (old != NULL) {
		leave(old);
		remove_tracee(old);
	}
	forget_program(t);
	read_family(t);
	note_exec(t);
	resume(t, PTRACE_CONT, 0);
	next_turn();
}

static void on_end(struct tracee *t, int status)
{
	leave(t);
	if (t->tid == t->tgid) note_exit(t->tid, status);
	if (t->tid == supervisor.first) supervisor.status = status;
	remove_tracee(t);
	next_turn(); /* last: it may kill everybody, and then nobody we know is there any more */
}

static bool stops_group(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void on_stop(struct tracee *t, int status)
{
	int signal = WSTOPSIG(status);
	switch (status >> 16) {
	case PTRACE_EVENT_SECCOMP: on_call(t); break;
	case PTRACE_EVENT_EXEC: on_exec(t); break;
	/* Stopped by job control: it stays so, until it is continued. A new one's first stop comes with SIGTRAP. */
	case PTRACE_EVENT_STOP: resume(t, stops_group(signal) ? PTRACE_LISTEN : PTRACE_CONT, 0); break;
	case 0:
		if (signal == RETURNED) on_return(t);
		else resume(t, PTRACE_CONT, signal);
		break;
	default: resume(t, PTRACE_CONT, 0); break; /* a fork: the new one reports by itself */
	}
}

/* Handles the next that the kernel has to report; false when there is nothing now. Who holds the turn is in a call that waits for nobody, so its return is waited for
 * right here: what else there may be to hear – a command, somebody who joins – would have to wait for it as well.
 * `alone`: there is nobody else to listen to at all. */
bool handle_report(bool alone)
{
	int status;
	pid_t tid = waitpid(-1, &status, __WALL | (alone || is_held() ? 0 : WNOHANG));
	if (tid <= 0) return false;
	struct tracee *t = find_tracee(tid);
	if (WIFSTOPPED(status)) on_stop(t != NULL ? t : add_tracee(tid), status);
	else if (t != NULL) on_end(t, status);
	return true;
}

/* Starts tracing a process that asks for it, and all it will start. */
bool attach(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(long)OPTIONS) != 0) return false;
	add_tracee(pid);
	return true;
}

/* ---- The kill */

/* Everybody is held at an operation or has none under way, and a process that is being born starts stopped: so it is enough to
 * kill whom we know and whoever still appears, and to wait until nobody is left. */
int kill_everything(pid_t **killed)
{
	int count = 0, status;
	pid_t tid;
	*killed = NULL;
	supervisor.stopped = true;
	supervisor.paused = false;
	for (struct tracee *t = tracees; t != NULL; t = t->next) kill(t->tgid, SIGKILL);
	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (tid <= 0) continue;
		struct tracee *t = find_tracee(tid);
		if (t == NULL) t = add_tracee(tid);
		if (WIFSTOPPED(status)) {
			kill(t->tgid, SIGKILL);
			continue;
		}
		if (tid == t->tgid) {
			*killed = realloc(*killed, sizeof **killed * (size_t)(count + 1));
			if (*killed == NULL) abort();
			(*killed)[count++] = tid;
			note_exit(tid, status);
		}
		if (tid == supervisor.first) supervisor.status = status;
		remove_tracee(t);
	}
	clear_turn();
	close_log();
	return count;
}

/* ---- Commands */

static void tell_paused(void)
{
	flush_log();
	event_number("paused", "k", supervisor.k);
}

static void tell_stopped(void)
{
	supervisor.stopped = true;
	close_log();
	event_number("stopped", "k", supervisor.k);
}

static void kill_and_tell(void)
{
	pid_t *killed;
	int count = kill_everything(&killed);
	event_killed(killed, count);
	free(killed);
}

void command_pause(void)
{
	supervisor.paused = true;
	between_operations(tell_paused);
}

void command_resume(void)
{
	supervisor.paused = false;
	event("resumed");
	next_turn();
}

void command_mark(const char *name)
{
	note_mark(name);
	flush_log();
	event_number("marked", "k", supervisor.k);
}

/* Nobody can be let off the trace: calls of the filter would fail without us. They are let pass, unseen and unhindered. */
void command_stop(void)
{
	supervisor.paused = false;
	between_operations(tell_stopped);
}

void command_admit(void)
{
	supervisor.closed = false;
	event("admitted");
}

void command_kill(void)
{
	between_operations(kill_and_tell);
}
