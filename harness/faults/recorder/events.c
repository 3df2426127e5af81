/* The events for who controls us: one JSON object a line, flushed at once. */
#include <stdarg.h>
#include "recorder.h"

static FILE *events;

bool open_events(const char *file)
{
	events = fopen(file, "we");
	return events != NULL;
}

/* Where they go unless a file was opened for them. */
void events_to(FILE *stream)
{
	if (events == NULL) events = stream;
}

static void begin(const char *name)
{
	fprintf(events, "{\"event\":\"%s\"", name);
}

static void end(void)
{
	fputs("}\n", events);
	fflush(events);
}

static void pids(const pid_t *killed, int count)
{
	for (int i = 0; i < count; i++) fprintf(events, "%s%d", i > 0 ? "," : "", killed[i]);
}

void event(const char *name)
{
	if (events == NULL) return;
	begin(name);
	end();
}

void event_number(const char *name, const char *key, uint64_t number)
{
	if (events == NULL) return;
	begin(name);
	fprintf(events, ",\"%s\":%llu", key, (unsigned long long)number);
	end();
}

void event_killed(const pid_t *killed, int count)
{
	if (events == NULL) return;
	begin("killed");
	fputs(",\"pids\":[", events);
	pids(killed, count);
	fputs("]", events);
	end();
}

void event_fired(const struct injection *injection, uint64_t k, const struct op *op, pid_t pid, const pid_t *killed, int count)
{
	if (events == NULL) return;
	begin("fired");
	fprintf(events, ",\"do\":\"%s\",\"k\":%llu,\"op\":\"%s\",\"path\":", action_name(injection->action), (unsigned long long)k,
		kind_name(op->kind));
	json_string(events, op->path);
	if (op->to[0] != '\0') {
		fputs(",\"to\":", events);
		json_string(events, op->to);
	}
	fprintf(events, ",\"pid\":%d,\"killed\":[", pid);
	pids(killed, count);
	fputs("]", events);
	end();
}

/* Something that we could not do as asked: told as an event, or on standard error where nobody listens to those. */
void event_problem(const char *format, ...)
{
	char message[LONG_PATH];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	if (events == NULL) {
		fprintf(stderr, "recorder: %s\n", message);
		return;
	}
	begin("problem");
	fputs(",\"message\":", events);
	json_string(events, message);
	end();
}
