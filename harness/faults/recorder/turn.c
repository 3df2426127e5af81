/* The turn. Everybody runs as they like but for operations: one at a time holds the turn, from the stop before its call to the
 * stop after it, and the others queue. So operations have one order over all processes; and since nobody is inside one when
 * everybody is killed, what is left is exactly what the recording says up to there. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>
#include "arch.h"
#include "recorder.h"

#define MOST_ASKED 8

static struct {
	struct tracee *holder;
	struct op op;
	struct injection *ending; /* kills when the operation is done */
	struct tracee *first, *last; /* the queue */
	void (*asked[MOST_ASKED])(void); /* to be done once nobody holds the turn */
	int asked_count;
} turn;

static void enqueue(struct tracee *t)
{
	t->queued = true;
	t->behind = NULL;
	if (turn.last != NULL) turn.last->behind = t;
	else turn.first = t;
	turn.last = t;
}

static void dequeue(struct tracee *t)
{
	struct tracee *before = NULL;
	if (!t->queued) return;
	for (struct tracee *at = turn.first; at != t; at = at->behind) before = at;
	if (before != NULL) before->behind = t->behind;
	else turn.first = t->behind;
	if (turn.last == t) turn.last = before;
	t->queued = false;
}

/* What was asked for while an operation was under way. */
static void do_asked(void)
{
	while (turn.holder == NULL && turn.asked_count > 0) {
		void (*what)(void) = turn.asked[0];
		memmove(turn.asked, turn.asked + 1, sizeof turn.asked[0] * (size_t)--turn.asked_count);
		what();
	}
}

/* The next in the queue may go; who turns out to be none of ours is let go on the way. */
void next_turn(void)
{
	do_asked();
	while (turn.holder == NULL && !supervisor.paused && turn.first != NULL) {
		struct tracee *t = turn.first;
		dequeue(t);
		consider(t);
	}
}

/* Does it now, or as soon as the operation that is under way is over. */
void between_operations(void (*what)(void))
{
	if (turn.asked_count < MOST_ASKED) turn.asked[turn.asked_count++] = what;
	else event_problem("Cannot remember a command: too many came during one operation");
	next_turn();
}

/* Forgets everybody: they are dead. */
void clear_turn(void)
{
	turn.holder = turn.first = turn.last = NULL;
	turn.ending = NULL;
	turn.asked_count = 0;
}

/* Whether somebody is in the middle of an operation. */
bool is_held(void)
{
	return turn.holder != NULL;
}

static void release_turn(void)
{
	turn.holder = NULL;
	turn.ending = NULL;
	next_turn();
}

/* ---- One operation */

static void fire_kill(const struct injection *injection, uint64_t k, pid_t pid)
{
	pid_t *killed;
	int count = kill_everything(&killed);
	supervisor.closed = true; /* who is about to join was not known, and must not change what the killed left */
	event_fired(injection, k, &turn.op, pid, killed, count);
	free(killed);
}

static void count_op(struct tracee *t)
{
	log_op(++supervisor.k, t->tgid, &turn.op);
}

/* The call is not made; its caller is told the error. */
static void fail(struct tracee *t, struct injection *injection)
{
	bool first = !injection->fired;
	int wrong = skip_call(t->tid, -injection->error);
	if (wrong != 0 && wrong != -ESRCH) event_problem("Cannot fail a call of %d: %s", t->tid, strerror(-wrong));
	injection->fired = true;
	if (first) injection->first = turn.op.kind;
	turn.op.result = -injection->error;
	turn.op.injected = true;
	count_op(t);
	if (first) event_fired(injection, supervisor.k, &turn.op, t->tgid, NULL, 0);
	resume(t, PTRACE_CONT, 0);
	release_turn();
}

static bool send_signal(struct tracee *t, struct injection *injection)
{
	kill(t->tgid, injection->signal);
	event_fired(injection, supervisor.k + 1, &turn.op, t->tgid, NULL, 0);
	if (injection->signal != SIGKILL) return true;
	release_turn(); /* it is not carried out any more */
	return false;
}

/* Whether the operation goes on. */
static bool inject(struct tracee *t, struct injection *injection)
{
	uint64_t k = supervisor.k + 1;
	if (injection->action == DO_ERRNO) {
		fail(t, injection);
		return false;
	}
	injection->fired = true;
	switch (injection->action) {
	case DO_KILL_BEFORE: fire_kill(injection, k, t->tgid); return false;
	case DO_SIGNAL: return send_signal(t, injection);
	case DO_TORN:
		if (halve(t, &turn.op)) turn.ending = injection;
		else event_problem("Cannot tear operation %llu: %s has no halves", (unsigned long long)k, kind_name(turn.op.kind));
		return true;
	default: turn.ending = injection; return true;
	}
}

/* Takes the turn with the operation in turn.op. */
static void begin(struct tracee *t)
{
	turn.holder = t;
	if (keeps_looks) note_looks(t, &turn.op);
	struct injection *injection = turn.op.kind == OP_NONE ? NULL : injection_for(&turn.op, supervisor.k + 1);
	if (injection == NULL || inject(t, injection)) resume(t, PTRACE_SYSCALL, 0);
}

/* The call has returned. An interrupted one that will be made again has not been made. */
void finish(struct tracee *t, int64_t result)
{
	if (t != turn.holder) {
		resume(t, PTRACE_CONT, 0);
		return;
	}
	bool again = result <= -512 && result >= -516, counts = turn.op.kind != OP_NONE && !again;
	if (counts) complete(t, &turn.op, result);
	if (counts && turn.ending != NULL) {
		count_op(t);
		fire_kill(turn.ending, supervisor.k, t->tgid);
		return;
	}
	if (again && turn.ending != NULL) turn.ending->fired = false;
	/* All that its going on could change is read by now. It is written down meanwhile; whose operation is next waits for that,
	 * as does whoever commands us. */
	resume(t, PTRACE_CONT, 0);
	if (counts) count_op(t);
	make_data_room();
	release_turn();
}

/* A thread stopped before a call of the table. What concerns no watched directory goes on at once. */
void consider(struct tracee *t)
{
	static struct op other;
	bool busy = turn.holder != NULL || supervisor.paused;
	if (supervisor.stopped || !decode(t, busy ? &other : &turn.op)) {
		resume(t, PTRACE_CONT, 0);
		return;
	}
	t->waits_for = blocking_input(t);
	if (t->waits_for >= 0) return;
	if (busy) enqueue(t);
	else begin(t);
}

/* The pipe it waits for has something to read. */
void input_came(struct tracee *t)
{
	close(t->waits_for);
	t->waits_for = -1;
	consider(t);
}

/* Takes somebody who ends out of the queue and the turn; next_turn() is to be called afterwards. Who ends in the middle of an
 * operation was killed from outside; whether it was carried out nobody can tell. */
void leave(struct tracee *t)
{
	dequeue(t);
	if (turn.holder != t) return;
	if (turn.op.kind != OP_NONE) note_unseen("interrupted", t->tgid, turn.op.path);
	if (turn.ending != NULL) event_problem("Operation %llu was interrupted from outside", (unsigned long long)supervisor.k + 1);
	turn.holder = NULL;
	turn.ending = NULL;
}
