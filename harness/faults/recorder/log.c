/* What is written down: the log of operations and notes, and the data beside it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "recorder.h"

#define LOG_BUFFER (1 << 20)
#define DATA_BUFFER (1 << 18) /* stays in the processor's cache between its two copies */

static FILE *log_file;
static char log_buffer[LOG_BUFFER], data_buffer[DATA_BUFFER];
static int data_file = -1;
static int64_t data_size; /* what is held in the buffer included */
static size_t data_held;

static bool open_lines(const char *file)
{
	log_file = fopen(file, "we");
	return log_file != NULL && setvbuf(log_file, log_buffer, _IOFBF, LOG_BUFFER) == 0;
}

static bool open_data(const char *file)
{
	data_file = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return data_file >= 0;
}

/* Either may be null: then that is not kept. */
bool open_log(const char *log, const char *data)
{
	return (log == NULL || open_lines(log)) && (data == NULL || open_data(data));
}

/* A recording that is not whole is none: without room for it we end, and with us all we trace. */
static _Noreturn void give_up(void)
{
	fprintf(stderr, "recorder: Cannot write the recording: %s\n", strerror(errno));
	_exit(125);
}

static void flush_data(void)
{
	for (size_t done = 0; done < data_held;) {
		ssize_t wrote = write(data_file, data_buffer + done, data_held - done);
		if (wrote < 0) give_up();
		done += (size_t)wrote;
	}
	data_held = 0;
}

void flush_log(void)
{
	flush_data();
	if (log_file != NULL && fflush(log_file) != 0) give_up();
}

/* Nothing more is recorded. */
void close_log(void)
{
	flush_log();
	if (log_file != NULL) fclose(log_file);
	if (data_file >= 0) close(data_file);
	log_file = NULL;
	data_file = -1;
}

bool keeps_data(void)
{
	return data_file >= 0;
}

int64_t data_position(void)
{
	return data_size;
}

/* Makes room while nobody waits for it: what is written by a call mostly fits into half of the buffer. */
void make_data_room(void)
{
	if (data_held > DATA_BUFFER / 2) flush_data();
}

/* Where the next data is to be put, and how much there may be of it. So it is copied by nobody but the kernel. */
char *data_room(size_t *size)
{
	if (data_held == DATA_BUFFER) flush_data();
	*size = DATA_BUFFER - data_held;
	return data_buffer + data_held;
}

/* So much was put there. */
void data_added(size_t size)
{
	data_held += size;
	data_size += (int64_t)size;
}

static void member(const char *key, const char *text)
{
	fprintf(log_file, ",\"%s\":", key);
	json_string(log_file, text);
}

static void owner(const struct op *op)
{
	fprintf(log_file, ",\"uid\":%u,\"gid\":%u", op->uid, op->gid);
}

static void mode_and_owner(const struct op *op)
{
	fprintf(log_file, ",\"mode\":\"%o\"", op->mode);
	owner(op);
}

/* What an operation that was carried out has besides its paths. */
static void details(const struct op *op)
{
	switch (op->kind) {
	case OP_WRITE:
		fprintf(log_file, ",\"offset\":%lld", (long long)op->offset);
		if (op->synchronous) fputs(",\"sync\":true", log_file);
		if (op->appends) fputs(",\"append\":true", log_file);
		break;
	case OP_CREATE: case OP_MKDIR: case OP_BIND: mode_and_owner(op); break;
	case OP_SYMLINK: owner(op); break;
	case OP_MKNOD: mode_and_owner(op); member("type", op->type); break;
	case OP_CHMOD: fprintf(log_file, ",\"mode\":\"%o\"", op->mode); break;
	case OP_CHOWN: owner(op); break;
	case OP_LINK: if (op->deleted) mode_and_owner(op); break;
	default: break;
	}
	if (op->length >= 0) fprintf(log_file, ",\"data\":[%lld,%lld]", (long long)op->data, (long long)op->length);
}

/* What it was asked for; known also when it failed. */
static void request(const struct op *op)
{
	if (op->kind != OP_SYNC) member("path", op->deleted ? "" : op->path);
	if (op->deleted) fputs(",\"deleted\":true", log_file);
	if (op->kind == OP_RENAME || op->kind == OP_LINK) member("to", op->to);
	if (op->exchange) fputs(",\"exchange\":true", log_file);
	if (op->kind == OP_SYMLINK) member("target", op->text);
	if (op->kind == OP_SETXATTR || op->kind == OP_REMOVEXATTR) member("name", op->text);
	if (op->kind == OP_TRUNCATE) fprintf(log_file, ",\"size\":%lld", (long long)op->size);
	if (op->kind == OP_FALLOCATE)
		fprintf(log_file, ",\"offset\":%lld,\"size\":%lld,\"mode\":%d", (long long)op->offset, (long long)op->size, op->fallocate_mode);
}

void log_op(uint64_t k, pid_t pid, const struct op *op)
{
	if (log_file == NULL) return;
	fprintf(log_file, "{\"k\":%llu,\"pid\":%d,\"op\":\"%s\"", (unsigned long long)k, pid, kind_name(op->kind));
	request(op);
	if (op->result >= 0) {
		details(op);
	} else {
		const char *name = error_name((int)-op->result);
		char number[16];
		snprintf(number, sizeof number, "errno %d", (int)-op->result);
		member("error", name != NULL ? name : number);
	}
	if (op->injected) fputs(",\"injected\":true", log_file);
	fputs("}\n", log_file);
}

/* The arguments as the kernel keeps them, one after the other; of endless ones the beginning. */
void note_exec(const struct tracee *t)
{
	char file[64], arguments[8192];
	if (log_file == NULL) return;
	snprintf(file, sizeof file, "/proc/%d/cmdline", t->tgid);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? 0 : read(fd, arguments, sizeof arguments - 1);
	if (fd >= 0) close(fd);
	if (size < 0) size = 0;
	arguments[size] = '\0';
	fprintf(log_file, "{\"note\":\"exec\",\"pid\":%d,\"parent\":%d,\"argv\":[", t->tgid, t->parent);
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(arguments + at) + 1) {
		if (at > 0) fputc(',', log_file);
		json_string(log_file, arguments + at);
	}
	fputs("]}\n", log_file);
}

void note_exit(pid_t pid, int status)
{
	if (log_file == NULL) return;
	fprintf(log_file, "{\"note\":\"exit\",\"pid\":%d,", pid);
	if (WIFEXITED(status)) {
		fprintf(log_file, "\"status\":%d}\n", WEXITSTATUS(status));
		return;
	}
	const char *name = signal_name(WTERMSIG(status));
	if (name != NULL) fprintf(log_file, "\"signal\":\"%s\"}\n", name);
	else fprintf(log_file, "\"signal\":\"SIG%d\"}\n", WTERMSIG(status));
}

void note_mark(const char *name)
{
	if (log_file == NULL) return;
	fputs("{\"note\":\"mark\"", log_file);
	member("name", name);
	fputs("}\n", log_file);
}

/* Something that changes files and cannot be followed. A path only where there is one. */
void note_unseen(const char *what, pid_t pid, const char *path)
{
	if (log_file == NULL) return;
	fprintf(log_file, "{\"note\":\"unseen\",\"what\":\"%s\",\"pid\":%d", what, pid);
	if (path != NULL) member("path", path);
	fputs("}\n", log_file);
}

/* What somebody is about to look at. `stays`: a link at the end is looked at itself. `anew`: whatever lies there is emptied. */
void note_look(const char *what, pid_t pid, const char *path, bool stays, bool anew)
{
	if (log_file == NULL) return;
	fprintf(log_file, "{\"look\":\"%s\",\"pid\":%d", what, pid);
	member("path", path);
	if (stays) fputs(",\"stay\":true", log_file);
	if (anew) fputs(",\"anew\":true", log_file);
	fputs("}\n", log_file);
}
