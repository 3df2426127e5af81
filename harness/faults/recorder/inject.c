/* What is to go wrong, and at which operation. Decided before the operation is carried out. */
#include <stdlib.h>
#include <string.h>
#include "recorder.h"

#define MOST_INJECTIONS 16

static struct injection injections[MOST_INJECTIONS];
static int injection_count;

static const char *const actions[] = {
	[DO_NOTHING] = "nothing", [DO_KILL_BEFORE] = "kill-before", [DO_KILL_AFTER] = "kill-after",
	[DO_TORN] = "torn", [DO_ERRNO] = "errno", [DO_SIGNAL] = "signal",
};

const char *action_name(enum action action)
{
	return actions[action];
}

static enum action action_number(const char *name)
{
	for (int action = DO_KILL_BEFORE; action <= DO_SIGNAL; action++)
		if (strcmp(actions[action], name) == 0) return (enum action)action;
	return DO_NOTHING;
}

static bool positive(const char *text, uint64_t *number)
{
	char *end;
	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && *number > 0;
}

static bool set(struct injection *injection, const char *key, const char *value)
{
	if (strcmp(key, "do") == 0) return (injection->action = action_number(value)) != DO_NOTHING;
	if (strcmp(key, "errno") == 0) return (injection->error = error_number(value)) != 0;
	if (strcmp(key, "signal") == 0) return (injection->signal = signal_number(value)) != 0;
	if (strcmp(key, "sticky") == 0) return injection->sticky = strcmp(value, "1") == 0;
	if (strcmp(key, "k") == 0) return positive(value, &injection->k);
	if (strcmp(key, "nth") == 0) return positive(value, &injection->nth);
	if (strcmp(key, "op") == 0) return (injection->op = kind_number(value)) != OP_NONE;
	if (strcmp(key, "path") == 0) return (size_t)snprintf(injection->path, sizeof injection->path, "%s", value) < sizeof injection->path;
	return false;
}

static const char *contradiction(const struct injection *injection, uint64_t last_k)
{
	bool named = injection->op != OP_NONE || injection->path[0] != '\0' || injection->nth > 0;
	if (injection->action == DO_NOTHING) return "it does not say what to do";
	if (injection->action == DO_ERRNO && injection->error == 0) return "it has no errno";
	if (injection->action == DO_SIGNAL && injection->signal == 0) return "it has no signal";
	if (injection->sticky && injection->action != DO_ERRNO) return "only an errno can be sticky";
	if (injection->k > 0 && named) return "it has both k and a name";
	if (injection->k == 0 && !named) return "it does not say where: k, or op, nth and path";
	if (injection->k > 0 && injection->k <= last_k) return "that operation is over";
	return NULL;
}

/* Reads `key=value,…,path=the rest`. On false, `why` says what is wrong. */
bool arm(const char *spec, uint64_t last_k, char *why, size_t size)
{
	struct injection injection = { 0 };
	char text[4096 + 256];
	if (injection_count == MOST_INJECTIONS) return snprintf(why, size, "Cannot inject %s: too many", spec) < 0;
	snprintf(text, sizeof text, "%s", spec);
	for (char *at = text, *next; at != NULL && *at != '\0'; at = next) {
		next = strncmp(at, "path=", 5) == 0 ? NULL : strchr(at, ',');
		if (next != NULL) *next++ = '\0';
		char *value = strchr(at, '=');
		if (value != NULL) *value++ = '\0';
		if (value == NULL || !set(&injection, at, value)) return snprintf(why, size, "Cannot inject %s: %s is wrong", spec, at) < 0;
	}
	const char *wrong = contradiction(&injection, last_k);
	if (wrong != NULL) return snprintf(why, size, "Cannot inject %s: %s", spec, wrong) < 0;
	if (injection.nth == 0) injection.nth = 1;
	injections[injection_count++] = injection;
	return true;
}

/* `*` is anything but a slash, `**` anything; between slashes also nothing at all. */
static bool matches(const char *pattern, const char *path)
{
	if (*pattern == '\0') return *path == '\0';
	if (*pattern != '*') return *pattern == *path && matches(pattern + 1, path + 1);
	bool deep = pattern[1] == '*';
	const char *rest = pattern + (deep ? 2 : 1);
	if (deep && *rest == '/' && matches(rest + 1, path)) return true;
	for (const char *at = path;; at++) {
		if (matches(rest, at)) return true;
		if (*at == '\0' || (!deep && *at == '/')) return false;
	}
}

/* A rename and a link are meant by either of their names. */
static bool strikes(struct injection *injection, const struct op *op, uint64_t k)
{
	if (injection->k > 0) return injection->k == k;
	if (injection->op != OP_NONE && injection->op != op->kind) return false;
	const char *pattern = injection->path;
	if (*pattern != '\0' && !matches(pattern, op->path) && !(op->to[0] != '\0' && matches(pattern, op->to))) return false;
	return ++injection->seen == injection->nth;
}

/* What needs room: a disk that is full stays full. */
static bool allocates(const struct injection *injection, enum kind kind)
{
	switch (kind) {
	case OP_CREATE: case OP_WRITE: case OP_MKDIR: case OP_SYMLINK: case OP_LINK: case OP_MKNOD: case OP_BIND: case OP_FALLOCATE: return true;
	case OP_RENAME: return injection->first == OP_RENAME;
	default: return false;
	}
}

/* The injection that strikes at this operation, or null. Asked exactly once an operation: it counts. */
struct injection *injection_for(const struct op *op, uint64_t k)
{
	struct injection *found = NULL;
	for (int i = 0; i < injection_count; i++) {
		struct injection *injection = &injections[i];
		bool again = injection->sticky && injection->fired && allocates(injection, op->kind);
		if (!again && (injection->fired || !strikes(injection, op, k))) continue;
		if (found == NULL) found = injection;
	}
	return found;
}
